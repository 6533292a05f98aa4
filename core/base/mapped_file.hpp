#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace pagewright {

/// A file mapped for reading: pages come from the disk when they are touched, and count as the file's, not as
/// the process' own memory. Errors name the file.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::size_t size() const { return size_; }
  /// Bytes [begin, begin + count). Throws Error if the file does not have them any more, whose touch would
  /// end the process.
  std::span<const std::byte> bytes(std::size_t begin, std::size_t count) const;
  /// Lets the process forget the pages that lie within these bytes; they are read again when they are
  /// touched.
  void forget(std::size_t begin, std::size_t count) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  void* address_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pagewright
