#pragma once
// An independent opinion on the policy while it trains: a page model fitted to the validation users' feedback
// alone, which the rewards never saw. When the proxy reward rises and the judge's falls, the policy learns
// the reward model's mistakes.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/iteration/interfaces.hpp"
#include "launch/workbench.hpp"
#include "rewards/models/reward_scale.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

inline constexpr const char* kJudgeName = "judge";

class HeldOutJudge {
 public:
  /// Loads the judge that `fit-reward` left. References must outlive it.
  explicit HeldOutJudge(Workbench& bench);

  /// Mean over sampled pages for validation requests, the same requests and random numbers at every call:
  /// `held_out_reward`, the expected gain that the judge predicts, and for a simulated log `true_utility`,
  /// the true one, which is measured and never trained on.
  std::map<std::string, double> measure(Policy& policy) const;

 private:
  Workbench& bench_;
  FlatParameters judge_;
  GainWeights gains_;
  std::unique_ptr<World> world_;
  std::vector<KeyedRequest> requests_;
};

}  // namespace pagewright
