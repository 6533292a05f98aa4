#pragma once
// What a SupervisedLoop trains on: numbered examples and a loss over any of them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

/// Warm-up and reward models implement this. Example numbers are 0 .. examples()-1.
class SupervisedTask {
 public:
  virtual ~SupervisedTask() = default;

  virtual std::string name() const = 0;
  virtual std::int64_t examples() const = 0;
  /// Called once before each epoch, from 0, by one thread: the place to draw candidate orders, swaps, pairs.
  virtual void begin_epoch(int epoch) = 0;
  /// Weight of an example; a step's loss is divided by the sum of weights over its whole batch (all lanes).
  virtual double weight(std::int64_t example) const = 0;
  /// Sum of the examples' losses (not divided), a scalar with gradients in `weights`. Runs on a worker thread
  /// and must depend on its arguments alone. Metrics may be added to `sums`.
  virtual at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                          LaneSums& sums) const = 0;
  /// Held-out loss of the given weights: smaller is better. Nothing if nothing is held out. Run between
  /// epochs, without gradients, on the first learner alone.
  virtual std::optional<double> held_out_loss(const WeightsView& weights) = 0;
};

}  // namespace pagewright
