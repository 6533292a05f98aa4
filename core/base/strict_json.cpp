#include "core/base/strict_json.hpp"

#include <string>
#include <unordered_set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"

namespace pagewright {

nlohmann::json parse_strict_json(std::string_view text) {
  constexpr int kDeepest = 64;
  // Other programs refuse it, and whoever edits the text would have to step over it.
  require(!text.starts_with("\xEF\xBB\xBF"),
          "it begins with a byte order mark; save it as UTF-8 without one");
  std::vector<std::unordered_set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    require(depth <= kDeepest, "lists and objects are nested more than {} levels deep", kDeepest);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      require(keys.back().insert(key).second, "the key \"{}\" stands twice in one object", key);
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), watch);
  } catch (const nlohmann::json::exception& error) {
    fail("not valid JSON: {}", error.what());
  }
}

std::string json_kind(const nlohmann::json& value) {
  if (value.is_null()) return "null";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "an object";
  return value.is_string() ? "a string" : value.is_boolean() ? "true or false" : "a number";
}

}  // namespace pagewright
