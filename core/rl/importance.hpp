#pragma once
// Truncated importance sampling (Ionides 2008): pages sampled by other weights than those that learn them.

#include <span>
#include <vector>

namespace pagewright {

/// w_t = min(exp(log p_old(t) - log p_behaviour(t)), cap) for each token, a number without gradient: what the
/// policy's loss at the token is multiplied by. p_old are the weights at the start of the update, the anchor
/// of the clipped ratio; p_behaviour sampled the token. Per token, as the ratio of the surrogate is. Where
/// both are the same weights w is exactly 1. The log-ratio is clamped to +-20 first. cap 0: no correction,
/// all are 1.
std::vector<float> importance_weights(std::span<const float> old_log_probs,
                                      std::span<const float> behaviour_log_probs, double cap);

/// Sums over tokens of their weights, so that lanes can be added.
struct ImportanceStatistics {
  double tokens = 0;
  double sum = 0;
  double sum_of_squares = 0;
  double truncated = 0;  ///< tokens whose weight is the cap

  /// importance_weights() with that cap.
  void add(std::span<const float> weights, double cap);
  double mean() const { return tokens > 0 ? sum / tokens : 1; }
  /// (sum w)^2 / (tokens * sum w^2), in (0, 1]: the share of tokens that count.
  double effective_share() const { return sum_of_squares > 0 ? sum * sum / (tokens * sum_of_squares) : 1; }
};

}  // namespace pagewright
