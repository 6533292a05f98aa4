#pragma once
// Text files line by line, plain or packed.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "core/data/byte_source.hpp"

namespace pagewright {

/// Lines of a file, which open_bytes() unpacks. Line ends are "\n" or "\r\n"; a last
/// line without one counts. A byte order mark at the beginning is skipped.
class LineReader {
 public:
  /// Error if the file cannot be opened.
  explicit LineReader(const std::filesystem::path& path);

  /// The next line, without its end; false at the end. Error if the file cannot be read or its packing is
  /// damaged.
  bool next(std::string& line);
  /// Number of the line that next() gave last, from 1.
  std::int64_t line_number() const { return line_number_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  bool fill();

  std::filesystem::path path_;
  std::unique_ptr<ByteSource> source_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::int64_t line_number_ = 0;
};

}  // namespace pagewright
