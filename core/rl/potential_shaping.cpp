#include "core/rl/potential_shaping.hpp"

#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {

std::vector<double> shaping_rewards(const Trajectory& trajectory, std::span<const double> gains,
                                    double gamma) {
  const auto& slots = trajectory.spans.slots;
  require(gains.size() == slots.size(), "request {} sample {}: {} gains for a potential of {} slots",
          trajectory.request, trajectory.sample, gains.size(), slots.size());
  std::vector<double> rewards(trajectory.tokens.size());
  double potential = 0;
  std::size_t k = 0;
  for (std::size_t t = 0; t < rewards.size(); ++t) {
    double next = potential;
    for (; k < slots.size() && static_cast<std::size_t>(slots[k].token) == t; ++k) next += gains[k];
    if (t + 1 == rewards.size()) next = 0;
    rewards[t] = gamma * next - potential;
    potential = next;
  }
  return rewards;
}

}  // namespace pagewright
