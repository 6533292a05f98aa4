#include "rollout/baselines/random_policy.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/iteration/page_walk.hpp"

namespace pagewright {

std::vector<Trajectory> RandomPolicy::generate(std::span<const KeyedRequest> requests,
                                               const SampleOptions& options) {
  std::vector<Trajectory> result;
  for (const KeyedRequest& request : requests) {
    PageWalk walk(*language_, request, options);
    for (int sample = 0; sample < options.samples; ++sample) {
      CounterRandom random(options.seed, RandomStream::baseline, options.iteration,
                           static_cast<std::uint64_t>(request.key), static_cast<std::uint64_t>(sample));
      for (walk.restart(); !walk.finished();) {
        const std::size_t count = walk.allowed().size();
        const auto chosen = static_cast<std::size_t>(random.below(count));
        walk.take(walk.allowed()[chosen], -std::log(static_cast<float>(count)));
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
    const PageGrammar::Masks masks = grammar.masks(trajectories[i].tokens);
    std::vector<float>& row = result.emplace_back();
    for (std::size_t t = 0; t + 1 < masks.offsets.size(); ++t)
      row.push_back(-std::log(static_cast<float>(masks.offsets[t + 1] - masks.offsets[t])));
  }
  return result;
}

}  // namespace pagewright
