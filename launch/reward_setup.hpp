#pragma once
// The rewards that one policy learns from, connected.

#include <memory>
#include <vector>

#include "launch/reward_fitting.hpp"
#include "rewards/simulator/world.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

class RewardSetup {
 public:
  /// Loads the models that the variant's rewards need. Throws Error that says what is missing.
  RewardSetup(Workbench& bench, const PolicyVariant& variant);
  const std::vector<WeightedTerm>& terms() const { return terms_; }

 private:
  PageModelForm form_;
  FittedRewards fitted_;
  std::unique_ptr<World> world_;
  std::vector<WeightedTerm> terms_;
};

}  // namespace pagewright
