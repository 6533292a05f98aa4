#pragma once
// Epochs over a task's examples with one Trainer; keeps the weights with the best held-out loss.

#include <functional>
#include <vector>

#include "distributed/supervised/supervised_task.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

struct SupervisedConfig {
  int epochs = 3;
  int batch = 64;                 ///< examples a step, over all lanes
  int evaluations_per_epoch = 2;  ///< held-out evaluations
  int evaluate_every = 0;         ///< steps between them instead, counted over epochs; 0: as above
  int patience = 0;               ///< evaluations without a gain after which it ends; 0: never
  double least_gain = 0;          ///< share of the held-out loss by which it must fall to be a gain
  std::uint64_t seed = 0;         ///< of the shuffling, RandomStream::shuffle
};

/// One point of the learning curve.
struct SupervisedPoint {
  double epoch = 0;          ///< passes so far, fractional
  double train_loss = 0;     ///< mean over the steps since the last point, per unit of weight
  double held_out_loss = 0;  ///< not a number if nothing is held out
};

struct SupervisedResult {
  std::vector<SupervisedPoint> curve;  ///< first point before training (train_loss 0)
  std::size_t best = 0;                ///< index into `curve` of the weights that were kept
  std::int64_t examples = 0;           ///< that were learnt from, each time counted
  bool plateau = false;                ///< it ended since the held-out loss had stopped falling
};

/// Number of optimizer steps that a run will take: what the Trainer's schedule needs.
std::int64_t supervised_steps(std::int64_t examples, const SupervisedConfig& config);

/// All learners run it together, with the same examples. Shuffles example numbers by (seed, epoch), cuts
/// every batch into the trainer's lanes (contiguous, as equal as can be), steps, and evaluates. On return the
/// trainer's parameters are those of the best held-out loss, or the last ones if nothing is held out.
/// `on_point` (may be empty) hears of each point.
SupervisedResult run_supervised(Trainer& trainer, SupervisedTask& task, const SupervisedConfig& config,
                                const std::function<void(const SupervisedPoint&)>& on_point = {});

}  // namespace pagewright
