#pragma once
// The state of a training run between the learners' memories and the disk.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/checkpoint/checkpoint_store.hpp"
#include "distributed/pipeline/pipeline.hpp"

namespace pagewright {

/// What a checkpoint holds the state of.
struct CheckpointedTrainers {
  CheckpointedTrainers(const Trainer& policy_trainer, const Trainer* separate_critic = nullptr)
      : policy(policy_trainer), critic(separate_critic) {}
  const Trainer& policy;
  const Trainer* critic;  ///< its groups of arrays are "critic", "critic_exp_avg", "critic_exp_avg_sq"
  /// The trainer whose parameters a group of arrays is laid out as.
  const Trainer& of(std::string_view group) const;
};

/// This learner's part of a checkpoint.
Checkpoint to_checkpoint(const CheckpointedTrainers& trainers, const PipelineState& state,
                         std::vector<std::string> metrics);
/// This learner's part of the state, from a checkpoint with whole arrays, whoever wrote it. Throws Error that
/// names what does not fit the model.
PipelineState from_checkpoint(const CheckpointedTrainers& trainers, const Checkpoint& whole);

/// The hashes of all learners' parts together, on every rank. All learners take part: each array is gathered
/// at the first, one at a time, and hashed there.
CheckpointHashes hash_parts(const CheckpointedTrainers& trainers, const Checkpoint& part);

/// All learners take part, each with its part and a shard of its own. An error on any of them comes out of
/// all, and leaves the checkpoints that were there.
CheckpointHashes save_checkpoint(const CheckpointedTrainers& trainers, const CheckpointStore& store,
                                 const Checkpoint& part);

/// The newest whole checkpoint, the same on all learners, which all take part; the first looks for it.
std::optional<Checkpoint> load_checkpoint(Communicator& learners, const CheckpointStore& store);

}  // namespace pagewright
