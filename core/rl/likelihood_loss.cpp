#include "core/rl/likelihood_loss.hpp"

#include <cstddef>

#include "core/base/error.hpp"
#include "core/rl/aggregation.hpp"

namespace pagewright {

std::vector<double> likelihood_weights(const PageSpans& spans, std::int64_t tokens,
                                       std::span<const double> slot_weights) {
  require(slot_weights.size() == spans.slots.size(), "likelihood: {} weights for a page of {} slots",
          slot_weights.size(), spans.slots.size());
  std::vector<double> weights(static_cast<std::size_t>(tokens), 1.0);
  for (std::size_t k = 0; k < slot_weights.size(); ++k)
    weights.at(static_cast<std::size_t>(spans.slots[k].token)) = slot_weights[k];
  return weights;
}

at::Tensor likelihood_loss(const at::Tensor& log_probs, std::span<const double> weights,
                           double total_weight) {
  require(total_weight > 0, "likelihood: the batch has no token of positive weight");
  std::vector<double> factors(weights.begin(), weights.end());
  for (double& factor : factors) factor = -factor / total_weight;
  return weighted_sum(log_probs, factors);
}

}  // namespace pagewright
