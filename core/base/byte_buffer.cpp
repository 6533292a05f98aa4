#include "core/base/byte_buffer.hpp"

#include <cstring>

#include "core/base/error.hpp"

namespace pagewright {

void ByteReader::finish() const {
  require(rest_.empty(), "{}: {} bytes too many", what_, rest_.size());
}

std::size_t ByteReader::length(std::size_t element_bytes) {
  const auto count = value<std::int64_t>();
  require(count >= 0 && static_cast<std::uint64_t>(count) <= rest_.size() / element_bytes,
          "{}: {} elements of {} bytes announced, {} bytes left", what_, count, element_bytes, rest_.size());
  return static_cast<std::size_t>(count);
}

void ByteReader::copy(void* to, std::size_t bytes) {
  require(bytes <= rest_.size(), "{}: {} bytes expected, {} left", what_, bytes, rest_.size());
  if (bytes > 0) std::memcpy(to, rest_.data(), bytes);
  rest_.remove_prefix(bytes);
}

}  // namespace pagewright
