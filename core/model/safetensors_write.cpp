#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/safetensors.hpp"

namespace pagewright {
namespace {

/// A new file; errors name `shown` and the reason.
class OutputFile {
 public:
  OutputFile(const std::filesystem::path& path, std::string shown)
      : shown_(std::move(shown)), file_(std::fopen(path.c_str(), "wbxe"), &std::fclose) {
    check(file_ != nullptr);
  }
  void write(const void* data, std::size_t size) { check(std::fwrite(data, 1, size, file_.get()) == size); }
  void close() { check(std::fclose(file_.release()) == 0); }

 private:
  void check(bool good) const {
    require(good, "cannot write '{}': {}", shown_, std::generic_category().message(errno));
  }

  std::string shown_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

std::string safetensors_header(const NamedTensors& tensors,
                               const std::map<std::string, std::string>& metadata, at::ScalarType dtype) {
  nlohmann::json header = nlohmann::json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t size = static_cast<std::uint64_t>(tensor.numel()) * c10::elementSize(dtype);
    header[name] = {{"dtype", safetensors_dtype_name(dtype)},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + size}}};
    offset += size;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

void write_pieces(OutputFile& file, const at::Tensor& tensor, at::ScalarType dtype) {
  const at::Tensor values = tensor.detach().reshape({-1});
  const std::int64_t most = safetensors_piece(dtype);
  for (std::int64_t done = 0; done < values.numel(); done += most) {
    const at::Tensor piece = values.narrow(0, done, std::min(most, values.numel() - done))
                                 .to(at::TensorOptions(at::kCPU).dtype(dtype))
                                 .contiguous();
    file.write(piece.const_data_ptr(), static_cast<std::size_t>(piece.nbytes()));
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata, at::ScalarType dtype) {
  const std::string header = safetensors_header(tensors, metadata, dtype);
  write_file_atomically(path, [&](const std::filesystem::path& temporary) {
    OutputFile file(temporary, path.string());
    const std::uint64_t size = header.size();
    file.write(&size, sizeof size);
    file.write(header.data(), header.size());
    for (const auto& [name, tensor] : tensors) write_pieces(file, tensor, dtype);
    file.close();
  });
}

}  // namespace pagewright
