#pragma once
// The safetensors format: an 8-byte little-endian header length, a JSON header {name: {dtype, shape,
// data_offsets}}, then the tensors' bytes. Files are read by memory map.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

namespace pagewright {

using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

/// Reads every tensor, copied and converted to fp32 (F64, F32, F16 and BF16 are read). Throws Error that
/// names the file and what is wrong with it: cut short, a header that is no JSON or over 100 MB, an offset
/// outside the file, overlapping or left-out bytes, a size that is not shape x dtype, an unknown dtype.
NamedTensors read_safetensors(const std::filesystem::path& path);

/// Writes contiguous CPU tensors (fp32) in name order, the file replaced at once.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace pagewright
