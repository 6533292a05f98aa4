#include "core/rl/likelihood_loss.hpp"

#include <cstddef>

#include "core/base/error.hpp"
#include "core/rl/aggregation.hpp"

namespace pagewright {

std::vector<double> likelihood_weights(const PageSpans& spans, std::int64_t tokens,
                                       std::span<const std::uint8_t> engaged, double unengaged_weight) {
  require(engaged.size() == spans.slots.size(), "likelihood: {} engagement flags for a page of {} slots",
          engaged.size(), spans.slots.size());
  std::vector<double> weights(static_cast<std::size_t>(tokens), 1.0);
  for (std::size_t k = 0; k < engaged.size(); ++k)
    if (engaged[k] == 0) weights.at(static_cast<std::size_t>(spans.slots[k].token)) = unengaged_weight;
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
