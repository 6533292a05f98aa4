#include "core/rl/advantage.hpp"

#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {

Advantages generalised_advantages(std::span<const double> rewards, std::span<const double> values,
                                  double gamma, double lambda, std::span<const std::uint8_t> mask,
                                  double bootstrap) {
  require(values.size() == rewards.size() && (mask.empty() || mask.size() == rewards.size()),
          "advantages: {} rewards, {} values and {} mask entries do not match", rewards.size(), values.size(),
          mask.size());
  Advantages result{std::vector<double>(rewards.size()), std::vector<double>(rewards.size())};
  double next_value = bootstrap, next_advantage = 0;
  for (std::size_t t = rewards.size(); t-- > 0;) {
    if (!mask.empty() && mask[t] == 0) continue;
    const double delta = rewards[t] + gamma * next_value - values[t];
    next_advantage = delta + gamma * lambda * next_advantage;
    next_value = values[t];
    result.advantage[t] = next_advantage;
    result.returns[t] = next_advantage + next_value;
  }
  return result;
}

}  // namespace pagewright
