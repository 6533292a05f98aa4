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

class Trainer {
 public:
  /// All learner ranks construct it together. `pool` runs the lanes; references must outlive the trainer.
  Trainer(Communicator& learners, FlatParameters& parameters, OptimizerConfig config, LanePool& pool,
          int lanes, std::int64_t total_steps);

  /// One optimizer step over all lanes: each lane's micro-batches 0..micro_batches-1 in order on one thread,
  /// gradients summed over lanes by the fixed binary tree, global norm over fixed blocks, fused AdamW. A step
  /// whose gradient is not finite changes nothing and is not counted.
  StepReport step(const LossFunction& loss, int micro_batches);

  FlatParameters& parameters() { return parameters_; }
  LanePool& pool() { return pool_; }
  int lanes() const { return lanes_; }
  const OptimizerConfig& optimizer() const { return config_; }

 private:
  void differentiate(const LossFunction& loss, int lane, int micro_batches, LaneSums& sums);
  void update(double grad_norm, double learning_rate);

  Communicator& learners_;
  FlatParameters& parameters_;
  OptimizerConfig config_;
  LanePool& pool_;
  int lanes_;
  std::int64_t total_steps_;
  std::vector<at::Tensor> gradients_;  // [lanes] of [padded]
};

}  // namespace pagewright
