#include "launch/serving/page_propensities.hpp"

#include <cmath>

namespace pagewright {

double page_log_prob(std::span<const float> token_log_probs) {
  double sum = 0;
  for (const float log_prob : token_log_probs) sum += log_prob;
  return sum;
}

PagePropensities propensities_of(const PageSpans& spans, std::span<const float> token_log_probs) {
  PagePropensities propensities;
  if (const double page = std::exp(page_log_prob(token_log_probs)); page > 0) propensities.page = page;
  for (const SlotSpan& slot : spans.slots)
    propensities.slots.push_back(
        std::exp(static_cast<double>(token_log_probs[static_cast<std::size_t>(slot.token)])));
  return propensities;
}

}  // namespace pagewright
