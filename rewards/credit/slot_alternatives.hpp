#pragma once
// Pages that differ from a given one by what stands in one slot.

#include <cstdint>
#include <vector>

#include "core/page/page_schema.hpp"
#include "rewards/credit/swap_config.hpp"

namespace pagewright {

/// Equal to the page above `slot`: what a causal decoder read before that slot is the same for both.
struct SlotAlternative {
  int slot = 0;  ///< page order
  Page page;
};

/// What the draws are keyed by, besides the page itself: equal pages of a request have equal alternatives,
/// whatever is scored beside them.
struct AlternativeKey {
  std::uint64_t seed = 0;
  std::int64_t request = 0;
};

/// For each slot of `page`, in page order, the pages in which another item stands there and that the schema
/// allows: all of them, or `config.variants` drawn uniformly without repeats if there are more. A slot may
/// have none.
std::vector<SlotAlternative> slot_alternatives(const PageSchema& schema, const Request& request,
                                               const Page& page, const SwapConfig& config,
                                               AlternativeKey key);

}  // namespace pagewright
