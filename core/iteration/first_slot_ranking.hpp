#pragma once
// A ranking of all candidates, for policies that have one: measured beside the page, and labelled as such.

#include <span>
#include <vector>

#include "core/iteration/interfaces.hpp"

namespace pagewright {

/// A policy that can score every candidate for the first slot. It says how well the policy ranks before
/// greedy composition takes its toll; a page is judged by what it shows, so this never stands in for the
/// page's own metrics.
class FirstSlotRanking {
 public:
  virtual ~FirstSlotRanking() = default;
  /// [requests][M] by index into Request::candidates, higher is better, no NaN; -infinity: may not stand
  /// there.
  virtual std::vector<std::vector<double>> first_slot_scores(std::span<const KeyedRequest> requests) = 0;
};

}  // namespace pagewright
