#pragma once
#include "rewards/feedback/debias/slot_table.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// Inverse propensities of placement by slot, for the training and validation pages that `config` learns
/// from: how much likelier a uniformly random page were to place the item there than the logging policy was.
/// With M candidates
///   slot_marginal      (1 / M) / p_k
///   slot_given_prefix  prod over j <= k of (1 / (M - j)) / p_j, j from 0
/// each at most `config.max_weight`. Throws Error, which counts them, if pages have no slot propensities or
/// such outside (0, 1].
SlotTable inverse_placement(const GainConfig& config, const FeedbackLog& log);

}  // namespace pagewright
