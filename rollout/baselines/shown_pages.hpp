#pragma once
// The pages that a log shows, by request key.

#include <cstdint>
#include <unordered_map>

#include "core/page/page.hpp"

namespace pagewright {

using ShownPages = std::unordered_map<std::int64_t, Page>;

}  // namespace pagewright
