#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace pagewright {

/// The one exception of the framework. Its text is meant for the user: it names the file, line or key and
/// says what to do. `main` prints it and ends with exit code 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws an Error with a formatted text.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws an Error with a formatted text unless `condition` holds. The text is only formatted on failure.
template <class... Args>
void require(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) [[unlikely]]
    throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Runs `action` and returns its result; whatever std::exception it throws comes out as an Error whose text
/// is
/// "`context`: text".
template <class Action>
decltype(auto) with_context(std::string_view context, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const std::exception& error) {
    throw Error(fmt::format("{}: {}", context, error.what()));
  }
}

}  // namespace pagewright
