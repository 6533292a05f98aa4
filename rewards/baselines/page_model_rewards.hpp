#pragma once
// The page reward model as the reward of a greedy policy.

#include "rewards/baselines/greedy_reward_policy.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

/// Raw page scores (utility form: expected gain; pairs form: Bradley-Terry score), without normalisation or
/// clipping. What `context` refers to and `language` must outlive the result.
PageRewards page_model_rewards(const PageLanguage& language, LearnedTermContext context, WeightsView weights,
                               PageModelForm form, GainWeights gains);

}  // namespace pagewright
