#include "core/base/float_format.hpp"

#include <array>
#include <charconv>

namespace pagewright {
namespace {

template <class Float>
std::string shortest_text_of(Float value) {
  std::array<char, 32> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

}  // namespace

std::string shortest_text(double value) {
  return shortest_text_of(value);
}
std::string shortest_text(float value) {
  return shortest_text_of(value);
}

}  // namespace pagewright
