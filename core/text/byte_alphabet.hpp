#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pagewright {

// GPT-2's alphabet for byte-level BPE: each byte is written as one printable character, itself where it is
// printable in Latin-1, otherwise one of U+0100 to U+0143.

/// The character of a byte, in UTF-8.
const std::string& byte_character(unsigned char byte);
/// The bytes as characters of the alphabet.
std::string to_byte_alphabet(std::string_view bytes);
/// The bytes that characters of the alphabet stand for; none if a character is not of it.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace pagewright
