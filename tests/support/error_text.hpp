#pragma once
#include <exception>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace pagewright::test {

/// The text of the Error that an action throws; "no error" if it throws none. Other exceptions pass.
template <class Action>
std::string error_text(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// Catch2 2 and 3 name their matchers differently; CHECK(contains(text, part)) works with both.
inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace pagewright::test
