#pragma once
// The policies that an evaluation compares: baselines, the policies of the run, and in a simulated shop the
// oracle.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "launch/evaluation/evaluate_policies.hpp"
#include "launch/reward_fitting.hpp"
#include "launch/workbench.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

/// The simulated shop that a log came from, or nothing for a real log.
std::unique_ptr<World> world_of_log(const Experiment& experiment);

class LineUp {
 public:
  /// All policies that there are: random, logged, price_ascending, popularity, last_touched, then imitation,
  /// warmup and the trained policies whose folders exist, then oracle if `world` is given. `world` must
  /// outlive the line-up.
  LineUp(Workbench& bench, const World* world);

  /// In the order of the table.
  std::vector<NamedPolicy> named() const;

 private:
  void add(std::string name, std::unique_ptr<Policy> policy);
  void add_model(Workbench& bench, const std::string& name);
  void add_greedy_reward(Workbench& bench);

  struct Entry {
    std::string name;
    std::unique_ptr<Policy> policy;
  };
  std::vector<Entry> entries_;
  std::unique_ptr<FittedRewards> rewards_;  ///< of the greedy policy by reward
};

}  // namespace pagewright
