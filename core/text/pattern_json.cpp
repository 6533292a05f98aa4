#include "core/text/pattern_json.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/text/utf8.hpp"

namespace pagewright {

TextPattern read_pattern(const JsonObject& component) {
  const auto pattern = component.object("pattern");
  if (!pattern) component.complain("pattern", "is missing");
  static constexpr std::array<std::string_view, 2> kKinds = {"String", "Regex"};
  pattern->only(kKinds);
  if (pattern->has("String") == pattern->has("Regex"))
    component.complain("pattern", "must have one of the keys String and Regex");
  return with_context(component.path_of("pattern"), [&] {
    return pattern->has("Regex") ? TextPattern::regex(pattern->text("Regex"))
                                 : TextPattern::literal(pattern->text("String"));
  });
}

const nlohmann::json& list_of(const nlohmann::json& component, const char* key, const std::string& path) {
  const auto found = component.find(key);
  require(found != component.end() && found->is_array(), "{}.{}: must be a list", path, key);
  return *found;
}

char32_t read_character(const JsonObject& component, std::string_view key) {
  const std::string text = component.required_text(key);
  if (utf8_length(text[0]) != text.size()) component.complain(key, "must be one character");
  return code_point_at(text, 0);
}

std::string member_path(const std::string& path, const char* key, std::size_t index) {
  return fmt::format("{}.{}[{}]", path, key, index);
}

}  // namespace pagewright
