#pragma once
// The clipped surrogate of PPO (Schulman et al. 2017) with asymmetric clipping (clip-higher, Yu et al. 2025)
// and dual clipping (Ye et al. 2020).

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

struct PolicyClip {
  double low = 0.2;   ///< the ratio is clipped below at 1 - low
  double high = 0.2;  ///< and above at 1 + high
  double dual = 0;    ///< > 1: where the advantage is negative the loss is at most dual * |advantage|; 0: off
};

struct PolicyLossTerms {
  at::Tensor loss;   ///< [R] with gradient
  at::Tensor ratio;  ///< [R] p_new / p_old, detached
};
/// All [R]; gradient flows through `log_probs` alone. The log-ratio is clamped to +-20 first.
PolicyLossTerms policy_loss_terms(const at::Tensor& log_probs, const at::Tensor& old_log_probs,
                                  const at::Tensor& advantages, const PolicyClip& clip);

/// 1/2 max((V - R)^2, (clip(V, V_old +- clip) - R)^2), [R] with gradient in `values`; clip 0: 1/2 (V - R)^2.
at::Tensor value_loss_terms(const at::Tensor& values, const at::Tensor& old_values, const at::Tensor& returns,
                            double clip);

/// What an update did to the policy, as sums over tokens, so that lanes can be added.
struct UpdateStatistics {
  double tokens = 0;
  double clipped = 0;          ///< tokens at which the clipped ratio decides the loss
  double value_clipped = 0;    ///< tokens at which the clipped value decides the loss
  double old_minus_new = 0;    ///< sum of log p_old - log p_new, whose mean estimates KL(old || new)
  double ratio_deviation = 0;  ///< largest |ratio - 1|
};
UpdateStatistics update_statistics(std::span<const float> log_probs, std::span<const float> old_log_probs,
                                   std::span<const float> advantages, const PolicyClip& clip);
/// Tokens at which value_loss_terms takes the clipped value.
double clipped_values(std::span<const float> values, std::span<const float> old_values,
                      std::span<const float> returns, double clip);

/// Ratio of each whole sequence as the geometric mean of its tokens' ratios (Zheng et al. 2025), [sequences].
std::vector<double> sequence_ratios(std::span<const double> log_probs, std::span<const double> old_log_probs,
                                    std::span<const std::int64_t> lengths);

}  // namespace pagewright
