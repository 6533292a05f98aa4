#pragma once
// The constructed pair families (Note [Pair families]): one worse page made from one logged page.

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/rng.hpp"
#include "rewards/feedback/item_space.hpp"
#include "rewards/feedback/pair_evidence.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// A pair, or why the page allows none, in words that go on from "page".
struct PairAttempt {
  PairAttempt(PagePair made) : pair(std::move(made)) {}
  PairAttempt(const char* reason) : why_none(reason) {}
  std::optional<PagePair> pair;
  const char* why_none = nullptr;
};
inline constexpr const char* kNoEngagement = "without engagement";

/// The page with the same sections and other items in page order, [K].
Page with_items(const Page& page, const std::vector<std::int32_t>& items);

/// Request, validity and confidence of the pair are the caller's. `space` is needed for HardBy::embedding.
PairAttempt relevance_pair(const JudgedPage& page, const ShownItems& shown, const ItemSpace* space,
                           const PairConfig& config, CounterRandom random);
/// Its weight is ItemGains::pair_weight() of the two slots that change places, by where their items were
/// shown; of a whole page the mean over the slots of different gain whose order the worse page turns round.
PairAttempt ranking_pair(const JudgedPage& page, const ItemGains& gains, const PairConfig& config,
                         CounterRandom random);
PairAttempt diversity_pair(const JudgedPage& page, const ItemRelevance& relevance, const PairConfig& config,
                           CounterRandom random);
PairAttempt redundancy_pair(const JudgedPage& page, const PairConfig& config, CounterRandom random);

}  // namespace pagewright
