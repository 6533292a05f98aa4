#pragma once
// What `train` does for one policy of an experiment.

#include <optional>

#include "core/checkpoint/checkpoint.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

/// Trains the policy from the warm-up, writes metrics, checkpoints and the final policy folder. With `resume`
/// it goes on from the newest whole checkpoint, bit for bit; without, a training folder that holds
/// checkpoints is an Error. All ranks of the job call it together and do what their role is; the hashes are
/// the learners'. Nothing if a checkpoint was asked for (SIGUSR1) before the end: it is written then.
std::optional<CheckpointHashes> train_policy(Workbench& bench, const PolicyVariant& variant, bool resume);

}  // namespace pagewright
