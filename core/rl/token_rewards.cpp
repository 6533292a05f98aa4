#include "core/rl/token_rewards.hpp"

#include <algorithm>
#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

/// The token that ends the section of slot k, or the last one of a page that was cut off before.
std::size_t section_end(const std::vector<SlotSpan>& slots, std::size_t k, std::size_t length) {
  while (k + 1 < slots.size() && slots[k + 1].section == slots[k].section) ++k;
  return std::min(static_cast<std::size_t>(slots[k].token) + 1, length - 1);
}

}  // namespace

std::vector<double> token_rewards(const Trajectory& trajectory, const Score& score, CreditPlacement placement,
                                  double kl_coefficient, std::span<const double> kl) {
  const std::size_t length = trajectory.tokens.size();
  const auto& slots = trajectory.spans.slots;
  require(length > 0, "request {} sample {}: a response without tokens has no place for its reward",
          trajectory.request, trajectory.sample);
  require(score.slot_rewards.empty() || score.slot_rewards.size() == slots.size(),
          "request {} sample {}: {} slot rewards for a page of {} slots", trajectory.request,
          trajectory.sample, score.slot_rewards.size(), slots.size());
  require(kl.empty() || kl.size() == length, "request {} sample {}: {} KL terms for {} tokens",
          trajectory.request, trajectory.sample, kl.size(), length);

  std::vector<double> rewards(length, 0.0);
  for (std::size_t t = 0; t < kl.size(); ++t) rewards[t] = -kl_coefficient * kl[t];
  const int page_end = trajectory.spans.page_end;
  const std::size_t end = page_end >= 0 ? static_cast<std::size_t>(page_end) : length - 1;
  for (std::size_t k = 0; k < score.slot_rewards.size(); ++k) {
    std::size_t token = static_cast<std::size_t>(slots[k].token);
    if (placement == CreditPlacement::per_section) token = section_end(slots, k, length);
    if (placement == CreditPlacement::terminal) token = end;
    rewards.at(token) += score.slot_rewards[k];
  }
  rewards.at(end) += score.page_reward;
  rewards[length - 1] += score.format_reward;
  return rewards;
}

}  // namespace pagewright
