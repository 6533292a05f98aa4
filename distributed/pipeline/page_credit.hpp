#pragma once
// Step 6 of an iteration: token rewards, then advantages and returns, whitened over the global batch.

#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/metrics.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/sharding/learner_lanes.hpp"

namespace pagewright {

/// Fills importance weights, advantages and returns of this rank's pages and says what the whole batch was
/// like, the same on all learners, which all take part (with LearnerLanes::exchange, some hundred bytes a
/// lane): pages_drawn, kl_per_page (nats, of the weights at the start of the update against the start policy,
/// with importance weights), reward, page_reward, item_reward, format_reward, reward_deviation, valid, slots,
/// tokens, explained_variance, behaviour_drift (largest |behaviour - old| log-prob) and term.NAME, the mean
/// raw reward of each term, and term.NAME.FIGURE, the mean of what else it says. With max_staleness also
/// importance_mean, importance_effective_share and importance_truncated (share of tokens). With narrow
/// parameters behaviour_ratio_deviation, the mean over tokens of |old / behaviour probability - 1|.
Metrics assign_credit(const PpoConfig& config, double kl_coefficient, Experience& experience,
                      const LearnerLanes& lanes);

}  // namespace pagewright
