#include "core/rl/importance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/error.hpp"
#include "core/rl/kl.hpp"

namespace pagewright {
std::vector<float> importance_weights(std::span<const float> old_log_probs,
                                      std::span<const float> behaviour_log_probs, double cap) {
  require(old_log_probs.size() == behaviour_log_probs.size(), "{} old log-probs and {} behaviour log-probs",
          old_log_probs.size(), behaviour_log_probs.size());
  std::vector<float> weights(old_log_probs.size(), 1.0F);
  if (cap == 0) return weights;
  for (std::size_t t = 0; t < weights.size(); ++t) {
    const double log_ratio = static_cast<double>(old_log_probs[t]) - behaviour_log_probs[t];
    weights[t] =
        static_cast<float>(std::min(std::exp(std::clamp(log_ratio, -kLogRatioLimit, kLogRatioLimit)), cap));
  }
  return weights;
}

void ImportanceStatistics::add(std::span<const float> weights, double cap) {
  for (const float weight : weights) {
    tokens += 1;
    sum += weight;
    sum_of_squares += static_cast<double>(weight) * weight;
    truncated += cap > 0 && weight == static_cast<float>(cap) ? 1 : 0;
  }
}

}  // namespace pagewright
