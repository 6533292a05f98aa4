#pragma once
// The feedback log of a simulated shop.

#include "core/data/feedback_log.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

inline constexpr const char* kProductionPolicy = "production";
inline constexpr const char* kUniformPolicy = "uniform";

/// Training and validation requests with one or two pages each (`pages` in all, a part of them uniformly
/// random), then the test requests with one production page each. Pages are in the order of their requests.
/// Page "p<n>" is pages[n].
FeedbackLog simulate_log(const World& world);

/// The log as evidence of nothing, for negative controls. Pages of the test stay as they are.
enum class LogControl { none, permuted, moved };

/// permuted: what happened on a page is dealt anew over its slots. moved: what happened on a page is given to
/// another page with as many slots, slot by slot. A purchase is then one of the item that stands there, at
/// its price.
void apply_control(FeedbackLog& log, LogControl control, std::uint64_t seed);

}  // namespace pagewright
