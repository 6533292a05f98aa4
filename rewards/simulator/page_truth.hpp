#pragma once
// What is true of a page in the simulator: probabilities and expectations, never draws.

#include <vector>

#include "rewards/feedback/gain_weights.hpp"

namespace pagewright {

/// One slot. `click` = examination * attractiveness and `purchase` = click * purchase_given_click are what
/// users do; `observed_click` is the probability that the log shows a click, with random and missed clicks.
struct SlotTruth {
  double examination = 0;
  double attractiveness = 0;
  double purchase_given_click = 0;
  double click = 0;
  double purchase = 0;
  double observed_click = 0;
  double price = 0;  ///< minor units

  double revenue() const { return purchase * price; }
  /// Expected gain of the slot.
  double utility(const GainWeights& weights) const {
    return weights.click * click + purchase * weights.purchase_gain(price);
  }
};

/// Slots in page order, [K]. Given the page, slots are independent of each other.
struct PageTruth {
  std::vector<SlotTruth> slots;

  /// Expected clicks per slot.
  double ctr() const;
  /// Expected revenue of the page, minor units.
  double gmv() const;
  /// Expected gain of the page.
  double utility(const GainWeights& weights) const;
};

}  // namespace pagewright
