#pragma once
// The constructed pair families (Note [Pair families]): one worse page made from one logged page.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/rng.hpp"
#include "rewards/feedback/pair_evidence.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// The page with the same sections and other items in page order, [K].
Page with_items(const Page& page, const std::vector<std::int32_t>& items);

/// Each returns nothing where the page does not allow such a pair. Weight, request and validity are the
/// caller's.
std::optional<PagePair> relevance_pair(const JudgedPage& page, const ShownItems& shown,
                                       const PairConfig& config, CounterRandom random);
std::optional<PagePair> ranking_pair(const JudgedPage& page, const PairConfig& config, CounterRandom random);
std::optional<PagePair> diversity_pair(const JudgedPage& page, const ItemRelevance& relevance,
                                       const PairConfig& config, CounterRandom random);
std::optional<PagePair> redundancy_pair(const JudgedPage& page, const PairConfig& config,
                                        CounterRandom random);

}  // namespace pagewright
