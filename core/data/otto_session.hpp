#pragma once
// Sessions of the OTTO recommender data set as its files have them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/page/request.hpp"

namespace pagewright {

struct OttoAction {
  std::int64_t item = 0;
  std::int64_t timestamp = 0;  ///< seconds since the epoch
  ActionKind kind = ActionKind::click;
  bool operator==(const OttoAction&) const = default;
};

struct OttoSession {
  std::string id;
  std::vector<OttoAction> actions;  ///< in order of time
};

/// A line: {"session": 0, "events": [{"aid": 1517085, "ts": 1659304800025, "type": "clicks"}, ...]} with
/// types clicks, carts and orders and times in milliseconds. Error for anything else, and for an action older
/// than the one before it.
OttoSession parse_otto_session(std::string_view line);

}  // namespace pagewright
