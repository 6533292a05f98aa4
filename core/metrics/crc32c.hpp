#pragma once
#include <cstdint>
#include <string_view>

namespace pagewright {

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected), as in RFC 3720.
std::uint32_t crc32c(std::string_view bytes);

/// The checksum as TFRecord files hold it: rotated right by 15 bits, plus 0xA282EAD8, so that a checksum of
/// bytes that hold checksums is not degenerate.
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace pagewright
