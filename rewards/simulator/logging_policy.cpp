#include "rewards/simulator/logging_policy.hpp"

#include <algorithm>
#include <cmath>

#include "rewards/simulator/item_walk.hpp"

namespace pagewright {
namespace {

/// Draws index i with probability weights[i] / sum.
std::size_t draw_by_weight(const std::vector<double>& weights, double sum, CounterRandom& random) {
  double left = random.uniform() * sum;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.size() - 1;
}

}  // namespace

std::vector<double> production_scores(const World& world, const Request& request) {
  const LoggingConfig& config = world.config().logging;
  const std::int64_t user = world.user_index(request.user);
  std::vector<double> scores;
  for (const Item& candidate : request.candidates) {
    const std::int64_t item = world.item_index(candidate.id);
    CounterRandom random(world.seed(), RandomStream::logging, static_cast<std::uint64_t>(item),
                         static_cast<std::uint64_t>(user));
    const double match = world.match(user, item) + config.match_noise * random.normal();
    scores.push_back(config.match * match + config.quality * world.item(item).visible.features.at("quality"));
  }
  return scores;
}

DrawnPage draw_plackett_luce(const World& world, const PageGrammar& grammar,
                             const std::vector<double>& scores, double temperature, CounterRandom random) {
  DrawnPage drawn;
  std::vector<double> weights;
  PageDecisions decisions;
  decisions.item = [&](const OpenSlot& slot) {
    double highest = scores[static_cast<std::size_t>(slot.allowed.front())];
    for (const std::int32_t candidate : slot.allowed)
      highest = std::max(highest, scores[static_cast<std::size_t>(candidate)]);
    weights.clear();
    double sum = 0;
    for (const std::int32_t candidate : slot.allowed) {
      weights.push_back(std::exp((scores[static_cast<std::size_t>(candidate)] - highest) / temperature));
      sum += weights.back();
    }
    const std::size_t chosen = draw_by_weight(weights, sum, random);
    drawn.slot_propensities.push_back(weights[chosen] / sum);
    drawn.propensity *= drawn.slot_propensities.back();
    return slot.allowed[chosen];
  };
  decisions.structure = [&](std::span<const TokenId> allowed) {
    drawn.propensity /= static_cast<double>(allowed.size());
    return allowed[random.below(allowed.size())];
  };
  drawn.page = walk_page(grammar, layout_only(world.schema()), decisions);
  return drawn;
}

}  // namespace pagewright
