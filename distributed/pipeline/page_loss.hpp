#pragma once
// The loss of one lane's share of a mini-batch.

#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "core/page/vocabulary.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/lane_tree.hpp"
#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/ppo_config.hpp"

namespace pagewright {

/// policy + value_coefficient * value (for a model with a value head) - entropy_coefficient * entropy (+
/// kl_coefficient * KL with kl_in: loss), each aggregated with the counts of the whole mini-batch. Where
/// pages were sampled by other weights than the old ones, policy and KL terms carry truncated importance
/// weights (core/rl/importance.hpp). Adds policy_loss and value_loss (shares of the whole), and counts
/// tokens, pages, clipped, value_clipped, old_minus_new and entropy to `sums`; `ratio_deviation` becomes the
/// largest |ratio - 1|.
at::Tensor page_loss(const PpoConfig& config, double kl_coefficient, const WeightsView& weights,
                     const LayoutVocabulary& vocabulary, std::span<const LearningRequest* const> requests,
                     const GlobalCounts& counts, LaneSums& sums, double& ratio_deviation);

/// The value loss by itself, of a separate critic, aggregated alike. Adds value_loss, value_clipped and
/// value_tokens to `sums`.
at::Tensor critic_loss(const PpoConfig& config, const WeightsView& critic, const LayoutVocabulary& vocabulary,
                       std::span<const LearningRequest* const> requests, const GlobalCounts& counts,
                       LaneSums& sums);

}  // namespace pagewright
