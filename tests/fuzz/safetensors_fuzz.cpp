// Fuzzes the reader of safetensors files. An input is such a file.
//
// fuzz-sources: core/model/safetensors*.cpp core/base/*.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/model/safetensors.hpp"

namespace {

/// A file in memory: the disk's would make the fuzzer wait for it nearly all the time.
class InputFile {
 public:
  InputFile()
      : number_(::memfd_create("safetensors_fuzz", 0)), path_("/proc/self/fd/" + std::to_string(number_)) {}
  ~InputFile() { ::close(number_); }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// The path of the file with this content.
  const std::string& holding(const std::uint8_t* data, std::size_t size) {
    if (::ftruncate(number_, 0) != 0 || ::pwrite(number_, data, size, 0) != static_cast<ssize_t>(size))
      std::abort();
    return path_;
  }

 private:
  int number_;
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static InputFile file;
  const std::string& path = file.holding(data, size);
  try {
    // Every byte of every tensor is touched by the copy to float32.
    for (const auto& [name, tensor] : pagewright::read_safetensors(path)) (void)tensor.numel();
  } catch (const pagewright::Error&) {
    // Refused, as bad input should be.
  }
  return 0;
}
