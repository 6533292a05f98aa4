#pragma once
// Typed access to the fields of a config.json.

#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// Reads fields of an object that must outlive it; null counts as absent, as in `transformers`. Errors name
/// the key and what it holds. `prefix` stands before keys in errors ("rope_scaling.").
class HfFields {
 public:
  explicit HfFields(const nlohmann::json& object, std::string prefix = {});

  bool has(const char* key) const;
  /// Whether the key is there, be it null: some defaults count for absent keys alone.
  bool mentions(const char* key) const;
  /// The raw value; null if absent.
  const nlohmann::json& raw(const char* key) const;
  /// A whole number in [least, 2^28], whether it is written as 4096 or 4096.0.
  std::int64_t whole(const char* key, std::int64_t least = 1) const;
  std::int64_t whole_or(const char* key, std::int64_t fallback, std::int64_t least = 1) const;
  double number(const char* key) const;
  double number_or(const char* key, double fallback) const;
  bool flag_or(const char* key, bool fallback) const;
  std::string text_or(const char* key, const std::string& fallback) const;

 private:
  const nlohmann::json& needed(const char* key) const;

  const nlohmann::json& object_;
  std::string prefix_;
};

}  // namespace pagewright
