#pragma once
// What request_json.cpp and page_json.cpp share in writing.

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/page/request.hpp"

namespace pagewright {

/// A request's keys, in the order in which they are written.
nlohmann::ordered_json request_json(const Request& request);
/// One line; an Error names the request if a text is not UTF-8.
std::string json_line(const nlohmann::ordered_json& json, const std::string& request_id);

}  // namespace pagewright
