#pragma once
// The one trainer: policy, critic and reward models are trained by this class with a loss function of theirs.

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/base/parallel.hpp"
#include "core/model/weights_view.hpp"
#include "distributed/communicator.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/lane_tree.hpp"
#include "distributed/sharding/gradient_reducer.hpp"
#include "distributed/sharding/layer_window.hpp"
#include "distributed/sharding/learner_lanes.hpp"
#include "distributed/sharding/sharded_adamw.hpp"
#include "distributed/sharding/sharding_config.hpp"

namespace pagewright {

class Section;

/// Loss of one lane's micro-batch: a scalar that is a SUM over the lane's samples divided by GLOBAL counts,
/// so that lanes add up to the batch's loss. Runs on a worker thread; must depend on (weights, lane,
/// micro_batch) alone. An undefined tensor means that the lane has nothing here.
using LossFunction =
    std::function<at::Tensor(const WeightsView& weights, int lane, int micro_batch, LaneSums& sums)>;

struct OptimizerConfig {
  double learning_rate = 3e-4;
  double beta1 = 0.9, beta2 = 0.95;
  double eps = 1e-5;
  double weight_decay = 0.01;
  double max_grad_norm = 1.0;     ///< global; 0: no clipping
  std::int64_t warmup_steps = 0;  ///< linear from 0
  double final_fraction = 0.1;    ///< of the cosine schedule
  /// Reads learning_rate, beta1, beta2, eps, weight_decay, max_grad_norm, warmup_steps, final_fraction.
  static OptimizerConfig from(const Section& section);
  static OptimizerConfig from(const Section& section, OptimizerConfig defaults);
};

struct StepReport {
  double grad_norm = 0;  ///< before clipping
  double learning_rate = 0;
  bool skipped = false;  ///< gradient was not finite: parameters untouched
  LaneSums sums;         ///< over all lanes
};

/// This rank's part of what training changes: its shard of a Sharding over the learners, [S] each. Together
/// the learners' parts are everything, whatever they share out while they train.
struct TrainerShard {
  at::Tensor values, first_moment, second_moment;
};

class Trainer {
 public:
  /// All learner ranks construct it together, with equal parameters. `pool` runs the lanes; references must
  /// outlive the trainer.
  Trainer(Communicator& learners, FlatParameters& parameters, OptimizerConfig config, LanePool& pool,
          int lanes, std::int64_t total_steps, ShardingConfig sharding = {});
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// One optimizer step over all lanes, in which all learners take part: each rank differentiates its own
  /// lanes, each lane's micro-batches 0..micro_batches-1 in order on one thread; gradients are summed over
  /// lanes by the fixed binary tree and exchanged as ShardingConfig says; global norm over fixed blocks,
  /// fused AdamW. A step whose gradient is not finite changes nothing and is not counted. The report is the
  /// same on all ranks. With zero 3 it leaves the parameters shared out.
  StepReport step(const LossFunction& loss, int micro_batches);

  /// Makes the parameters whole on every rank after steps with zero 3; otherwise they are anyhow. All
  /// learners take part, with 4 bytes a parameter.
  void gather_parameters();

  FlatParameters& parameters() { return parameters_; }
  const FlatParameters& parameters() const { return parameters_; }
  LanePool& pool() { return pool_; }
  const LearnerLanes& learner_lanes() const { return lanes_; }
  int lanes() const { return lanes_.total(); }
  const OptimizerConfig& optimizer() const { return config_; }
  /// How checkpoints are cut over the learners.
  const Sharding& sharding() const { return sharding_; }

  /// A copy.
  TrainerShard shard() const;
  /// A copy of its values alone, [S].
  at::Tensor shard_of_values() const;
  /// All learners take part: the parameters are gathered from the shards. Throws Error if a size is wrong.
  void restore(const TrainerShard& shard);

  /// Bytes that this rank holds of optimizer state and of gradients.
  std::size_t optimizer_bytes() const;
  std::size_t gradient_bytes() const { return reducer_->buffer_bytes(); }
  /// Most bytes of parameters that this rank has held during a step, a master copy and frozen ones included.
  std::size_t parameter_bytes() const;

 private:
  void differentiate(const LossFunction& loss, int lane, int micro_batches, const LaneGradient& gradient,
                     LaneSums& sums);
  void differentiate_in_window(const LossFunction& loss, int lane, int micro_batches,
                               const LaneGradient& gradient, LaneSums& sums);
  at::Tensor reduce_gradients(const LossFunction& loss, int micro_batches, std::vector<LaneSums>& sums);
  double gradient_norm(const at::Tensor& gradient) const;
  void update(at::Tensor gradient, double grad_norm, double learning_rate);
  bool replicated() const { return sharding_.ranks() == 1 || how_.zero == 0; }
  /// Of what checkpoints store, from what the optimizer holds.
  at::Tensor shard_of_state(const at::Tensor& held) const;

  FlatParameters& parameters_;
  OptimizerConfig config_;
  LanePool& pool_;
  LearnerLanes lanes_;
  ShardingConfig how_;
  std::int64_t total_steps_;
  Sharding sharding_;   ///< over the learners
  ShardedAdamw adamw_;  ///< over all of the parameters where the optimizer's state is not shared out
  std::unique_ptr<LayerWindow> window_;  ///< with zero 3 on several ranks
  std::size_t shard_bytes_ = 0;  ///< of this rank's part of the parameters, during a step in the window
  std::unique_ptr<GradientReducer> reducer_;
};

}  // namespace pagewright
