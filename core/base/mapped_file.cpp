#include "core/base/mapped_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::string mapping_error(int number) {
  return std::generic_category().message(number);
}

/// -1 if it is not known.
off_t size_on_disk(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : -1;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor_ >= 0, "cannot open {}: {}", path.string(), mapping_error(errno));
  const off_t size = size_on_disk(descriptor_);
  if (size > 0)
    address_ = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, descriptor_, 0);
  if (size < 0 || address_ == MAP_FAILED) {
    const int number = errno;
    ::close(descriptor_);
    require(size >= 0, "cannot read {}: it is not a file", path.string());
    fail("cannot map {}: {}", path.string(), mapping_error(number));
  }
  size_ = static_cast<std::size_t>(size);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::exchange(other.address_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile::~MappedFile() {
  if (address_ != nullptr) ::munmap(address_, size_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::span<const std::byte> MappedFile::bytes(std::size_t begin, std::size_t count) const {
  require(begin <= size_ && count <= size_ - begin, "{}: bytes {} to {} are not in the file of {}",
          path_.string(), begin, begin + count, size_);
  require(count == 0 || size_on_disk(descriptor_) >= static_cast<off_t>(begin + count),
          "{} has become shorter while it was read", path_.string());
  return {static_cast<const std::byte*>(address_) + begin, count};
}

void MappedFile::forget(std::size_t begin, std::size_t count) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t first = (begin + page - 1) / page * page, last = (begin + count) / page * page;
  if (first < last) ::madvise(static_cast<std::byte*>(address_) + first, last - first, MADV_DONTNEED);
}

}  // namespace pagewright
