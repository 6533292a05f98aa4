#include "core/base/json_fields.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/suggestion.hpp"

namespace pagewright {
namespace {

using Json = nlohmann::json;

/// Of an object. Walking and searching the map itself copies no keys, as items() and find() of the value do.
const Json::object_t& members_of(const Json& object) {
  return object.get_ref<const Json::object_t&>();
}

std::string element_path(const std::string& list, std::size_t index) {
  return fmt::format("{}[{}]", list, index);
}

}  // namespace

Json parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    // nlohmann writes "[json.exception.NAME.NUMBER] what".
    std::string_view what = error.what();
    const std::size_t end = what.find("] ");
    fail("not valid JSON: {}", end == std::string_view::npos ? what : what.substr(end + 2));
  }
}

JsonObject::JsonObject(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {
  require(value.is_object(), "{}must be an object {{...}}, not {}", path_.empty() ? "" : path_ + ": ",
          value.type_name());
}

std::string JsonObject::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void JsonObject::complain(std::string_view key, std::string_view message) const {
  fail("{}: {}", path_of(key), message);
}

const Json* JsonObject::find(std::string_view key) const {
  const Json::object_t& members = members_of(*value_);
  const auto found = members.find(key);
  return found == members.end() || found->second.is_null() ? nullptr : &found->second;
}

void JsonObject::only(std::span<const std::string_view> known, std::span<const std::string_view> also) const {
  for (const auto& [key, value] : members_of(*value_)) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    if (std::find(also.begin(), also.end(), key) != also.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    complain(key, "unknown key" + did_you_mean(key, names));
  }
}

std::string JsonObject::text(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_string()) complain(key, fmt::format("must be a text, not {}", value->dump()));
  return value->get<std::string>();
}

std::string JsonObject::required_text(std::string_view key) const {
  if (!has(key)) complain(key, "missing; it must be a text");
  std::string result = text(key);
  if (result.empty()) complain(key, "must not be empty");
  return result;
}

std::optional<std::int64_t> JsonObject::integer(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer() ||
      (value->is_number_unsigned() &&
       value->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())))
    complain(key, fmt::format("must be an integer of at most 64 bits, not {}", value->dump()));
  return value->get<std::int64_t>();
}

std::optional<double> JsonObject::number(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) complain(key, fmt::format("must be a number, not {}", value->dump()));
  return value->get<double>();
}

bool JsonObject::boolean(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) complain(key, fmt::format("must be true or false, not {}", value->dump()));
  return value->get<bool>();
}

const Json* JsonObject::find_list(std::string_view key) const {
  const Json* value = find(key);
  if (value != nullptr && !value->is_array())
    complain(key, fmt::format("must be a list [...], not {}", value->type_name()));
  return value;
}

std::vector<std::string> JsonObject::texts(std::string_view key) const {
  std::vector<std::string> result;
  const Json* list = find_list(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const Json& value = (*list)[i];
    require(value.is_string(), "{}: must be a text, not {}", element_path(path_of(key), i), value.dump());
    result.push_back(value.get<std::string>());
  }
  return result;
}

std::vector<double> JsonObject::numbers(std::string_view key) const {
  std::vector<double> result;
  const Json* list = find_list(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const Json& value = (*list)[i];
    require(value.is_number(), "{}: must be a number, not {}", element_path(path_of(key), i), value.dump());
    result.push_back(value.get<double>());
  }
  return result;
}

std::optional<JsonObject> JsonObject::object(std::string_view key) const {
  const Json* value = find(key);
  if (value == nullptr) return std::nullopt;
  return JsonObject(*value, path_of(key));
}

std::vector<JsonObject> JsonObject::objects(std::string_view key) const {
  std::vector<JsonObject> result;
  const Json* list = find_list(key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i)
    result.emplace_back((*list)[i], element_path(path_of(key), i));
  return result;
}

std::vector<std::string> JsonObject::keys() const {
  std::vector<std::string> result;
  for (const auto& [key, value] : members_of(*value_)) result.push_back(key);
  return result;
}

std::string JsonObject::any_text(std::string_view key) const {
  const Json* value = find(key);
  if (value != nullptr && (value->is_number() || value->is_boolean())) return value->dump();
  return text(key);
}

}  // namespace pagewright
