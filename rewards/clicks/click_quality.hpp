#pragma once
// How well a click model predicts clicks that it was not fitted to.

#include <vector>

#include "rewards/clicks/click_model.hpp"

namespace pagewright {

/// Perplexity of a rank r is 2^-(mean over lists of log2 P(C_r as it was)), from click probabilities that
/// know nothing of the list's other clicks: 1 for a model that always knows, 2 for a coin.
struct ClickQuality {
  std::size_t sessions = 0;
  double log_likelihood = 0;               ///< mean over lists of log P(all clicks of the list), natural
  double log_likelihood_a_slot = 0;        ///< mean over lists of the same by its slots
  std::vector<double> perplexity_by_rank;  ///< [longest list], over the lists that have the rank
  double perplexity = 0;                   ///< mean over ranks
};

/// Throws Error if there are no sessions.
ClickQuality click_quality(const ClickModel& model, const ClickSessions& sessions);

}  // namespace pagewright
