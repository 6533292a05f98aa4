#pragma once
// Bytes of files, plain or packed.

#include <filesystem>
#include <memory>
#include <string>

namespace pagewright {

/// Gives a file's bytes piece by piece.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Appends some bytes; false at the end. Error that names the file if it cannot be read or its packing is
  /// damaged or cut short.
  virtual bool read(std::string& out) = 0;
};

/// A file that is unpacked on the way if its name ends in ".gz", ".xz" or ".zst". Error if it cannot be
/// opened.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path);

/// The path without such an ending: "log.csv.gz" -> "log.csv".
std::filesystem::path unpacked_name(std::filesystem::path path);

}  // namespace pagewright
