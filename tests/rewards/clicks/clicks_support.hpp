#pragma once
// Lists of clicks to enumerate and to draw.

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/rng.hpp"
#include "rewards/clicks/click_model.hpp"

namespace pagewright::test {

using Clicks = std::vector<std::uint8_t>;

/// All 2^slots click patterns.
std::vector<Clicks> all_click_patterns(std::size_t slots);

/// Calls `visit` with each of the 2^coins outcomes of coins.
void for_each_outcome(int coins, const std::function<void(const std::vector<bool>&)>& visit);

/// Probability of the session's clicks: the product of what the model says one click after the other.
double pattern_probability(const ClickModel& model, const ClickSession& session);

/// Draws clicks for a list one after the other, as given_earlier_clicks() says.
Clicks draw_clicks(const ClickModel& model, const std::vector<int>& documents, const std::vector<int>& rows,
                   CounterRandom& random);

/// `count` lists of `slots` documents, drawn from `documents` without repeats, with clicks of the model; rows
/// hold `columns` slots.
ClickSessions draw_sessions(const ClickModel& model, int count, int documents, int slots, int columns,
                            std::uint64_t seed);

/// Values of the parameters of one kind.
std::vector<double> values_of(const ClickModel& model, const std::string& kind);

}  // namespace pagewright::test
