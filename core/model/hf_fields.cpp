#include "core/model/hf_fields.hpp"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/strict_json.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kLargestSize = std::int64_t{1} << 28;

}  // namespace

HfFields::HfFields(const nlohmann::json& object, std::string prefix)
    : object_(object), prefix_(std::move(prefix)) {
  require(object.is_object(), "{} is {}, not an object",
          prefix_.empty() ? "the content" : prefix_.substr(0, prefix_.size() - 1), json_kind(object));
}

const nlohmann::json& HfFields::raw(const char* key) const {
  static const nlohmann::json kNull;
  const auto found = object_.find(key);
  return found == object_.end() ? kNull : *found;
}

bool HfFields::has(const char* key) const {
  return !raw(key).is_null();
}

bool HfFields::mentions(const char* key) const {
  return object_.contains(key);
}

const nlohmann::json& HfFields::needed(const char* key) const {
  require(has(key), "{}{} is missing", prefix_, key);
  return raw(key);
}

double HfFields::number(const char* key) const {
  const nlohmann::json& value = needed(key);
  require(value.is_number(), "{}{} is {}, not a number", prefix_, key, json_kind(value));
  const auto number = value.get<double>();
  require(std::isfinite(number), "{}{} is not a finite number", prefix_, key);
  return number;
}

double HfFields::number_or(const char* key, double fallback) const {
  return has(key) ? number(key) : fallback;
}

std::int64_t HfFields::whole(const char* key, std::int64_t least) const {
  const double value = number(key);
  require(value == std::floor(value) && value >= static_cast<double>(least) &&
              value <= static_cast<double>(kLargestSize),
          "{}{} is {}; it must be a whole number from {} to {}", prefix_, key, value, least, kLargestSize);
  return static_cast<std::int64_t>(value);
}

std::int64_t HfFields::whole_or(const char* key, std::int64_t fallback, std::int64_t least) const {
  return has(key) ? whole(key, least) : fallback;
}

bool HfFields::flag_or(const char* key, bool fallback) const {
  if (!has(key)) return fallback;
  require(raw(key).is_boolean(), "{}{} is {}, not true or false", prefix_, key, json_kind(raw(key)));
  return raw(key).get<bool>();
}

std::string HfFields::text_or(const char* key, const std::string& fallback) const {
  if (!has(key)) return fallback;
  require(raw(key).is_string(), "{}{} is {}, not a string", prefix_, key, json_kind(raw(key)));
  return raw(key).get<std::string>();
}

}  // namespace pagewright
