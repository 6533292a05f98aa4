#pragma once
// Typed reading of a JSON object whose errors begin with the key's path.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// Parses one JSON value; the Error says where the text breaks. Numbers that no double holds are refused.
nlohmann::json parse_json(std::string_view text);

/// An object inside a parsed JSON value, which must outlive it. A key with the value null reads as absent.
class JsonObject {
 public:
  /// `path` is empty for the outermost object. Throws Error if the value is no object.
  JsonObject(const nlohmann::json& value, std::string path);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Throws Error for a key that is in neither list.
  void only(std::span<const std::string_view> known, std::span<const std::string_view> also = {}) const;

  std::string text(std::string_view key) const;           ///< empty if absent
  std::string required_text(std::string_view key) const;  ///< must not be empty
  std::optional<std::int64_t> integer(std::string_view key) const;
  std::optional<double> number(std::string_view key) const;
  bool boolean(std::string_view key) const;  ///< false if absent
  std::vector<std::string> texts(std::string_view key) const;
  std::vector<double> numbers(std::string_view key) const;
  std::optional<JsonObject> object(std::string_view key) const;
  std::vector<JsonObject> objects(std::string_view key) const;
  std::vector<std::string> keys() const;
  /// A text; a number or boolean as it is written in JSON.
  std::string any_text(std::string_view key) const;

  std::string path_of(std::string_view key) const;
  [[noreturn]] void complain(std::string_view key, std::string_view message) const;

 private:
  const nlohmann::json* find(std::string_view key) const;
  const nlohmann::json* find_list(std::string_view key) const;

  const nlohmann::json* value_;
  std::string path_;
};

}  // namespace pagewright
