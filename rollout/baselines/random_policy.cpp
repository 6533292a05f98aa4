#include "rollout/baselines/random_policy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/iteration/page_walk.hpp"

namespace pagewright {

std::span<const std::int32_t> RandomPolicy::open_choices(std::span<const std::int32_t> allowed) const {
  if (length_ == RandomLength::any) return allowed;
  // Allowed indices are sorted, and items come last.
  const auto first_item =
      std::lower_bound(allowed.begin(), allowed.end(), language_->vocabulary().structure_size());
  const auto structure = static_cast<std::size_t>(first_item - allowed.begin());
  return structure == allowed.size() ? allowed : allowed.subspan(structure);
}

std::vector<Trajectory> RandomPolicy::generate(std::span<const KeyedRequest> requests,
                                               const SampleOptions& options) {
  std::vector<Trajectory> result;
  for (const KeyedRequest& request : requests) {
    PageWalk walk(*language_, request, options);
    for (int sample = 0; sample < options.samples; ++sample) {
      CounterRandom random(options.seed, RandomStream::baseline, options.iteration,
                           static_cast<std::uint64_t>(request.key), static_cast<std::uint64_t>(sample));
      for (walk.restart(); !walk.finished();) {
        const std::span<const std::int32_t> open = open_choices(walk.allowed());
        const std::int32_t chosen = open[static_cast<std::size_t>(random.below(open.size()))];
        walk.take(chosen, -std::log(static_cast<float>(open.size())));
      }
      result.push_back(walk.trajectory(sample));
    }
  }
  return result;
}

std::vector<std::vector<float>> RandomPolicy::log_probs(std::span<const KeyedRequest> requests,
                                                        std::span<const Trajectory> trajectories) {
  require(requests.size() == trajectories.size(), "random policy: {} requests for {} pages", requests.size(),
          trajectories.size());
  std::vector<std::vector<float>> result;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const PageGrammar grammar = language_->grammar(*requests[i].request, trajectories[i].order);
    PageGrammar::State state = grammar.start();
    std::vector<std::int32_t> allowed;
    std::vector<float>& row = result.emplace_back();
    for (const TokenId token : trajectories[i].tokens) {
      grammar.allowed(state, allowed);
      const std::span<const std::int32_t> open = open_choices(allowed);
      const bool possible =
          std::binary_search(open.begin(), open.end(), token - language_->vocabulary().layout_begin());
      row.push_back(possible ? -std::log(static_cast<float>(open.size()))
                             : -std::numeric_limits<float>::infinity());
      grammar.advance(state, token);
    }
  }
  return result;
}

}  // namespace pagewright
