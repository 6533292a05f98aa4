#pragma once
// The feedback log of a simulated shop.

#include <functional>

#include "core/data/feedback_log.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

inline constexpr const char* kProductionPolicy = "production";
inline constexpr const char* kUniformPolicy = "uniform";

/// Training and validation requests with one or two pages each (`pages` in all, a part of them uniformly
/// random), then the test requests with one production page each. Pages are in the order of their requests.
/// Page "p<n>" is pages[n].
FeedbackLog simulate_log(const World& world);

/// Takes a request and the one or two pages that were shown for it; LoggedPage::request counts over the whole
/// log.
using SimulatedRows = std::function<void(LoggedRequest request, std::vector<LoggedPage> pages)>;
/// The same log, request by request, for shops whose log should not be held in memory.
void simulate_log(const World& world, const SimulatedRows& take);

/// The log as evidence of nothing, for negative controls. Pages of the test stay as they are.
enum class LogControl { none, permuted, moved };

/// permuted: what happened on a page is dealt anew over its slots. moved: what happened on a page is given to
/// another page with as many slots, slot by slot. A purchase is then one of the item that stands there, at
/// its price.
void apply_control(FeedbackLog& log, LogControl control, std::uint64_t seed);

}  // namespace pagewright
