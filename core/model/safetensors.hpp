#pragma once
// The safetensors format: an 8-byte little-endian header length, a JSON header {name: {dtype, shape,
// data_offsets}}, then the tensors' bytes. Files are read by memory map.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/mapped_file.hpp"

namespace pagewright {

using NamedTensors = std::map<std::string, at::Tensor, std::less<>>;

/// A tensor in a file, as the header describes it.
struct StoredTensor {
  at::ScalarType type = at::kFloat;  ///< F64, F32, F16 or BF16
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;  ///< bytes of the file's data
  std::int64_t numel() const;
};

/// A file whose header is read and checked; tensors are read when they are asked for. Reading is thread-safe.
class SafetensorsFile {
 public:
  using Tensors = std::map<std::string, StoredTensor, std::less<>>;

  /// Throws Error that names the file, and the tensor where it is one, before memory for tensors is taken: a
  /// file that is cut short, a header that is no JSON, over 100 MB or has a name twice, an offset outside the
  /// file, overlapping or left-out bytes, a size that is not shape x dtype or overflows, an unknown dtype.
  explicit SafetensorsFile(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  const Tensors& tensors() const { return tensors_; }
  /// Throws Error for a name that is not there.
  const StoredTensor& at(std::string_view name) const;
  /// Copies elements [begin, begin + out.numel()) of a tensor, in row-major order, to `out` (contiguous, of
  /// any shape, dtype and device), converted a mebibyte at a time; touches the bytes of these elements alone.
  /// Returns how many of them are NaN or infinite in the file.
  std::int64_t read(std::string_view name, std::int64_t begin, const at::Tensor& out) const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  std::uint64_t data_begin_ = 0;
  Tensors tensors_;
};

/// Reads every tensor, copied and converted to fp32. Errors as those of SafetensorsFile.
NamedTensors read_safetensors(const std::filesystem::path& path);

/// Writes tensors, from whatever device, in name order, converted a mebibyte at a time; the file is replaced
/// at once. `dtype` is kFloat, kBFloat16 or kHalf.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {},
                       at::ScalarType dtype = at::kFloat);

/// Elements of this dtype in a mebibyte: what readers and writers convert at once.
std::int64_t safetensors_piece(at::ScalarType dtype);
/// "F32", "BF16", ...; throws Error for a dtype that is not supported.
const char* safetensors_dtype_name(at::ScalarType dtype);
at::ScalarType safetensors_dtype(std::string_view name);

}  // namespace pagewright
