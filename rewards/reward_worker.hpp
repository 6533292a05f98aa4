#pragma once
// Step 4 of an iteration: every term's say on every trajectory, and the reference policy's log-probs.

#include <memory>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

class RewardWorker : public Scorer {
 public:
  /// `reference` is the frozen start policy. `invalid_reward` is what a page that breaks the schema earns,
  /// instead of the terms' say. References must outlive the worker.
  RewardWorker(const PageLanguage& language, Policy& reference, std::vector<WeightedTerm> terms,
               double invalid_reward);

  std::vector<Score> score(std::span<const KeyedRequest> requests,
                           std::span<const Trajectory> trajectories) override;

 private:
  void add_term(const WeightedTerm& term, const GroupedPages& grouped, std::span<Score> scores) const;

  const PageLanguage& language_;
  Policy& reference_;
  std::vector<WeightedTerm> terms_;
  double invalid_reward_;
};

}  // namespace pagewright
