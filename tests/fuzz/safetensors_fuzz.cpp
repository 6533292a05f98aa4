// Fuzzes the reader of safetensors files. An input is such a file.
//
// fuzz-sources: core/model/safetensors*.cpp core/base/*.cpp
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/safetensors.hpp"

namespace {

/// A file of this process in the folder for temporary files, removed at its end.
struct InputFile {
  std::string path =
      (std::filesystem::temp_directory_path() / ("safetensors_fuzz-" + std::to_string(::getpid()))).string();
  ~InputFile() { ::unlink(path.c_str()); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const InputFile file;
  pagewright::write_file_atomically(file.path, std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    // Every byte of every tensor is touched by the copy to float32.
    for (const auto& [name, tensor] : pagewright::read_safetensors(file.path)) (void)tensor.numel();
  } catch (const pagewright::Error&) {
    // Refused, as bad input should be.
  }
  return 0;
}
