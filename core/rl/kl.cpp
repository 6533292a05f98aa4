#include "core/rl/kl.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/expm1.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

at::Tensor kl_with_gradient_of_k2(const at::Tensor& value, const at::Tensor& log_ratio,
                                  const at::Tensor& log_probs) {
  return value.detach() + log_ratio.detach() * (log_probs - log_probs.detach());
}

}  // namespace

double kl_term(KlEstimator estimator, double log_prob, double reference_log_prob) {
  const double d = std::clamp(log_prob - reference_log_prob, -kLogRatioLimit, kLogRatioLimit);
  switch (estimator) {
    case KlEstimator::k1:
      return d;
    case KlEstimator::k2:
      return 0.5 * d * d;
    case KlEstimator::k3:
    case KlEstimator::k3_plus:
      return std::clamp(std::expm1(-d) + d, -kKlLimit, kKlLimit);
  }
  fail("unknown KL estimator");
}

std::vector<double> kl_terms(KlEstimator estimator, std::span<const double> log_probs,
                             std::span<const double> reference_log_probs) {
  require(log_probs.size() == reference_log_probs.size(), "KL: {} log-probs but {} reference log-probs",
          log_probs.size(), reference_log_probs.size());
  std::vector<double> terms(log_probs.size());
  for (std::size_t t = 0; t < terms.size(); ++t)
    terms[t] = kl_term(estimator, log_probs[t], reference_log_probs[t]);
  return terms;
}

at::Tensor kl_loss_terms(KlEstimator estimator, const at::Tensor& log_probs,
                         const at::Tensor& reference_log_probs, const at::Tensor& ratio) {
  require(estimator != KlEstimator::k1,
          "KL estimator k1 in the loss has an expected gradient of zero: use k2 or k3_plus, or put k1 in the "
          "reward");
  const at::Tensor d = at::clamp(log_probs - reference_log_probs, -kLogRatioLimit, kLogRatioLimit);
  at::Tensor terms;
  if (estimator == KlEstimator::k2) {
    terms = kl_with_gradient_of_k2(0.5 * d * d, d, log_probs);
  } else {
    const at::Tensor k3 = at::clamp(at::expm1(-d) + d, -kKlLimit, kKlLimit);
    terms = estimator == KlEstimator::k3 ? k3 : kl_with_gradient_of_k2(k3, d, log_probs);
  }
  return ratio.defined() ? terms * ratio.detach() : terms;
}

}  // namespace pagewright
