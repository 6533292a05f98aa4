#pragma once
// Estimators of the divergence from the reference policy, per token, in nats.

#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Note [KL estimators]
/// With d = log p - log p_ref at a token sampled from p (Schulman 2020, "Approximating KL divergence"):
///   k1 = d; k2 = d^2 / 2; k3 = exp(-d) - 1 + d.
/// In the reward (a number, no gradient) k1 and k3 are unbiased. In the loss the estimators' own gradients
/// differ from what their values say: the expected gradient of k1 is 0, that of k3 is the gradient of KL(ref
/// || p), and that of k2 alone is the gradient of KL(p || ref). `k3_plus` has k3's value and k2's gradient.
/// Where samples come from an older policy, the terms are multiplied by the detached ratio p / p_old, which
/// keeps k2 and k3_plus unbiased; a ratio with gradient would not. Clamps: d to +-kLogRatioLimit first; k3
/// and k3_plus to +-kKlLimit. A clamped k3 has no gradient; k2 and k3_plus push back with the clamped d.
enum class KlEstimator { k1, k2, k3, k3_plus };
inline constexpr double kLogRatioLimit = 20;
inline constexpr double kKlLimit = 10;

double kl_term(KlEstimator estimator, double log_prob, double reference_log_prob);
/// The same for [T] tokens.
std::vector<double> kl_terms(KlEstimator estimator, std::span<const double> log_probs,
                             std::span<const double> reference_log_probs);

/// Loss terms per token, [R], differentiable in `log_probs` alone (Note [KL estimators]). `ratio` (detached p
/// / p_old) may be undefined: then the samples are the policy's own. Throws Error for k1, which teaches
/// nothing as a loss.
at::Tensor kl_loss_terms(KlEstimator estimator, const at::Tensor& log_probs /* [R] */,
                         const at::Tensor& reference_log_probs /* [R] */, const at::Tensor& ratio /* [R] */);

}  // namespace pagewright
