#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/base/json_fields.hpp"
#include "core/text/text_pattern.hpp"

namespace pagewright {

// What the readers of a tokenizer.json's components share. Errors begin with the path of the key.

/// The value of `pattern`: {"String": text} or {"Regex": expression}.
TextPattern read_pattern(const JsonObject& component);
/// The members of a Sequence's list `key`; Error if it is no list.
const nlohmann::json& list_of(const nlohmann::json& component, const char* key, const std::string& path);
/// The one character that a text of `key` is.
char32_t read_character(const JsonObject& component, std::string_view key);
/// What a Metaspace says, as pre-tokenizer and as decoder.
struct MetaspaceOptions {
  enum class Prepend { always, first, never };
  std::string replacement;
  Prepend prepend = Prepend::always;
  bool split = true;
};
MetaspaceOptions read_metaspace_options(const JsonObject& component);
/// Components may hold each other; deeper than this is refused.
inline constexpr int kDeepestComponent = 16;
std::string member_path(const std::string& path, const char* key, std::size_t index);

}  // namespace pagewright
