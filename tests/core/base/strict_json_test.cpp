#include "core/base/strict_json.hpp"

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("JSON with a key twice in one object, too deep, or broken is refused") {
  const auto error = [](const std::string& text) {
    return test::error_text([&] { parse_strict_json(text); });
  };
  CHECK(parse_strict_json(R"({"a": {"x": 1}, "b": {"x": [2, {"x": 3}]}})").at("b").at("x").size() == 2);
  CHECK(error(R"({"a": 1, "b": 2, "a": 3})") == "the key \"a\" stands twice in one object");
  CHECK(error(R"({"a": {"b": 1, "\u0062": 2}})") == "the key \"b\" stands twice in one object");
  CHECK(test::contains(error(R"({"a": )"), "not valid JSON"));
  CHECK(test::contains(error(R"({"a": )"), "parse error"));
  CHECK(test::contains(error("\xEF\xBB\xBF{}"), "byte order mark"));
  CHECK(error(std::string(60, '[') + std::string(60, ']')) == "no error");
  CHECK(error(std::string(100'000, '[')) == "lists and objects are nested more than 64 levels deep");
}

}  // namespace pagewright
