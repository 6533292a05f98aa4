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

MetaspaceOptions read_metaspace_options(const JsonObject& component) {
  using Prepend = MetaspaceOptions::Prepend;
  component.only(std::array<std::string_view, 6>{"type", "replacement", "str_rep", "add_prefix_space",
                                                 "prepend_scheme", "split"});
  MetaspaceOptions options;
  append_utf8(options.replacement, read_character(component, "replacement"));
  const std::string scheme = component.has("prepend_scheme") ? component.text("prepend_scheme") : "always";
  if (scheme == "never")
    options.prepend = Prepend::never;
  else if (scheme == "first")
    options.prepend = Prepend::first;
  else if (scheme != "always")
    component.complain("prepend_scheme",
                       fmt::format("'{}' is not known (always, first and never are)", scheme));
  const bool prefixed = !component.has("add_prefix_space") || component.boolean("add_prefix_space");
  if (!prefixed && options.prepend != Prepend::never)
    component.complain("add_prefix_space", "false contradicts prepend_scheme, which is not never");
  options.split = !component.has("split") || component.boolean("split");
  return options;
}

std::string member_path(const std::string& path, const char* key, std::size_t index) {
  return fmt::format("{}.{}[{}]", path, key, index);
}

}  // namespace pagewright
