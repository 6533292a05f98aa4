#pragma once
// What would happen to a page if one of its items stood elsewhere or gave way to another.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/page/page_schema.hpp"

namespace pagewright {

/// The item of `slot` exchanged with that of a later slot, or replaced by an unused candidate.
struct Exchange {
  int slot = 0;
  int other_slot = -1;    ///< later slot, or -1
  std::int32_t item = 0;  ///< candidate that comes to `slot`
  double gain = 0;        ///< page reward after the exchange minus before
};

/// All exchanges of a page that lead to a page the schema allows, and those pages.
struct Exchanges {
  std::vector<Exchange> exchanges;
  std::vector<Page> pages;
};
Exchanges page_exchanges(const PageSchema& schema, const Request& request, const Page& page);

/// Why an item stands where it stands, as the reward models see it.
struct SlotReason {
  std::optional<double> item_reward;    ///< score of the item model
  std::optional<double> expected_gain;  ///< of the page model; 1 is the worth of a click
  std::optional<Exchange>
      best;  ///< the exchange that would raise the page reward most; none if there is none
};

/// Fills in `gain` (rewards[i] is that of exchange i) and chooses each slot's best, [slots].
std::vector<std::optional<Exchange>> best_exchanges(int slots, std::span<const Exchange> exchanges,
                                                    std::span<const double> rewards, double reward);

/// Text of a reason for a shop manager, as HTML: a note that is folded unless `open`.
std::string reason_note(const Request& request, const SlotReason& reason, bool open = false);

}  // namespace pagewright
