#include "core/rl/policy_loss.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include "core/base/error.hpp"
#include "core/rl/kl.hpp"

namespace pagewright {

PolicyLossTerms policy_loss_terms(const at::Tensor& log_probs, const at::Tensor& old_log_probs,
                                  const at::Tensor& advantages, const PolicyClip& clip) {
  const at::Tensor ratio = at::exp(at::clamp(log_probs - old_log_probs, -kLogRatioLimit, kLogRatioLimit));
  const at::Tensor clipped = at::clamp(ratio, 1 - clip.low, 1 + clip.high);
  at::Tensor loss = at::maximum(-advantages * ratio, -advantages * clipped);
  if (clip.dual > 0) loss = at::where(advantages < 0, at::minimum(loss, -advantages * clip.dual), loss);
  return {loss, ratio.detach()};
}

at::Tensor value_loss_terms(const at::Tensor& values, const at::Tensor& old_values, const at::Tensor& returns,
                            double clip) {
  const at::Tensor error = values - returns;
  if (clip == 0) return 0.5 * error * error;
  const at::Tensor clipped_error = old_values + at::clamp(values - old_values, -clip, clip) - returns;
  return 0.5 * at::maximum(error * error, clipped_error * clipped_error);
}

UpdateStatistics update_statistics(std::span<const float> log_probs, std::span<const float> old_log_probs,
                                   std::span<const float> advantages, const PolicyClip& clip) {
  UpdateStatistics result;
  for (std::size_t i = 0; i < log_probs.size(); ++i) {
    const double log_ratio =
        std::clamp(static_cast<double>(log_probs[i]) - old_log_probs[i], -kLogRatioLimit, kLogRatioLimit);
    const double ratio = std::exp(log_ratio);
    const double bounded = std::clamp(ratio, 1 - clip.low, 1 + clip.high);
    result.tokens += 1;
    result.clipped += -advantages[i] * bounded > -advantages[i] * ratio ? 1 : 0;
    result.old_minus_new -= log_ratio;
    result.ratio_deviation = std::max(result.ratio_deviation, std::abs(ratio - 1));
  }
  return result;
}

double clipped_values(std::span<const float> values, std::span<const float> old_values,
                      std::span<const float> returns, double clip) {
  if (clip == 0) return 0;
  double count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i], old = old_values[i], target = returns[i];
    const double bounded = std::clamp(value, old - clip, old + clip);
    count += (bounded - target) * (bounded - target) > (value - target) * (value - target) ? 1 : 0;
  }
  return count;
}

std::vector<double> sequence_ratios(std::span<const double> log_probs, std::span<const double> old_log_probs,
                                    std::span<const std::int64_t> lengths) {
  std::vector<double> ratios;
  std::size_t token = 0;
  for (const std::int64_t length : lengths) {
    double sum = 0;
    for (std::int64_t i = 0; i < length; ++i, ++token) sum += log_probs[token] - old_log_probs[token];
    ratios.push_back(length > 0 ? std::exp(sum / static_cast<double>(length)) : 1.0);
  }
  return ratios;
}

}  // namespace pagewright
