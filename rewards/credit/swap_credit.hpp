#pragma once
// What each slot's item is worth where it stands, by a reward of whole pages.

#include <span>
#include <vector>

#include "rewards/credit/slot_alternatives.hpp"

namespace pagewright {

/// Causal swap credit: Delta_k = mean over the alternatives y' of slot k of [ R(y) - R(y') ], [slots]; 0 for
/// a slot without alternatives. Positive: the slot is right as it is. Alternatives leave the slots above k
/// alone, so that Delta_k judges the choice at slot k given what had been chosen then. `scores` are R(y') of
/// the alternatives, [alternatives], `own` is R(y).
std::vector<double> swap_credit(double own, std::span<const SlotAlternative> alternatives,
                                std::span<const double> scores, int slots);

}  // namespace pagewright
