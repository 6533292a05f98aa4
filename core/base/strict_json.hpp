#pragma once
// JSON of files that others wrote.

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace pagewright {

/// Parses a text and throws Error that says where it is wrong: no JSON, a key twice in one object (which
/// parsers resolve differently), more than 64 levels deep, a byte order mark.
nlohmann::json parse_strict_json(std::string_view text);

/// What kind of value it is, in a few words for an error: "a string", "null", ...
std::string json_kind(const nlohmann::json& value);

}  // namespace pagewright
