#pragma once
// What `train` does for one policy of an experiment.

#include "launch/workbench.hpp"

namespace pagewright {

struct TrainingHashes {
  std::string state;
  std::string parameters;
};

/// Trains the policy from the warm-up, writes metrics, checkpoints and the final policy folder. With `resume`
/// it goes on from the newest whole checkpoint, bit for bit; without, a training folder that holds
/// checkpoints is an Error.
TrainingHashes train_policy(Workbench& bench, const PolicyVariant& variant, bool resume);

}  // namespace pagewright
