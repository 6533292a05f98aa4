#include "rollout/engine/token_draw.hpp"

#include <algorithm>
#include <cmath>

namespace pagewright {

std::size_t draw_entry(std::span<const float> log_probs, CounterRandom& random) {
  double total = 0;
  for (const float log_prob : log_probs) total += std::exp(static_cast<double>(log_prob));
  const double point = random.uniform() * total;
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < log_probs.size(); ++i) {
    const double p = std::exp(static_cast<double>(log_probs[i]));
    sum += p;
    if (p > 0) last = i;
    if (point < sum) return i;
  }
  return last;
}

std::size_t largest_entry(std::span<const float> values) {
  return static_cast<std::size_t>(std::ranges::max_element(values) - values.begin());
}

}  // namespace pagewright
