#pragma once
// The page that an example of the warm-up teaches in an epoch, and how much each of its items counts.

#include <cstdint>
#include <vector>

#include "core/page/page_schema.hpp"
#include "distributed/warmup/warmup_examples.hpp"

namespace pagewright {

struct WarmupLesson {
  Page page;
  std::vector<double> slot_weights;  ///< [K] of the items' log-probs
};

/// The example's target, with weight 1 for engaged items and `config.unengaged_weight` for the others.
///
/// Note [Misses]
/// If engaged items only ever stand in front, a policy never sees what to place after a first item that was
/// no hit, and goes on as the shop did. So on a share `config.misses` of the pages that have engaged items,
/// drawn by (seed, epoch, request), one to three items without engagement come before them and count nothing:
/// of six, those that the user touched before and then the first ones, which a policy is likely to place. A
/// page that the schema would not allow then stays as it is.
WarmupLesson warmup_lesson(const WarmupExample& example, const WarmupConfig& config, const PageSchema& schema,
                           const Request& request, std::uint64_t seed, std::uint64_t epoch);

}  // namespace pagewright
