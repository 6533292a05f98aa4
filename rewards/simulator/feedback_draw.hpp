#pragma once
// What simulated users do on a page.

#include <cstdint>
#include <vector>

#include "core/base/rng.hpp"
#include "core/data/feedback_log.hpp"
#include "rewards/simulator/page_truth.hpp"
#include "rewards/simulator/simulator_config.hpp"

namespace pagewright {

/// One draw of the events that the log shows for a page: slot by slot the user looks, clicks, buys, and the
/// log adds or misses clicks. A purchase always has its click. `timestamp` is the page's.
std::vector<Event> draw_feedback(const PageTruth& truth, const ClickConfig& noise, std::int64_t timestamp,
                                 CounterRandom random);

}  // namespace pagewright
