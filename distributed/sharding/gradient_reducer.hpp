#pragma once
// From the gradients of all lanes on all learners to what each learner's optimizer needs of their sum.

#include <cstddef>
#include <functional>
#include <memory>

#include <ATen/core/Tensor.h>

#include "core/base/parallel.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/sharding/learner_lanes.hpp"
#include "distributed/sharding/sharding.hpp"
#include "distributed/sharding/sharding_config.hpp"

namespace pagewright {

/// Where one lane's gradient goes.
struct LaneGradient {
  at::Tensor flat;  ///< [padded], zero at first
  /// Called when the gradient of a slot (an index into FlatParameters::slots()) is complete; may be empty.
  /// Slots that it is not called for are complete when the lane is.
  std::function<void(std::size_t slot)> on_slot;
  int place = 0;  ///< among the lanes that are at work together
};

/// Differentiates own lane number `index` (from 0, in the order of LearnerLanes::own()) on a worker thread.
using DifferentiateLane = std::function<void(int index, const LaneGradient& gradient)>;

class LayerWindow;

class GradientReducer {
 public:
  virtual ~GradientReducer() = default;
  /// All learners take part. The gradient of the whole batch: this rank's shard [S], or with zero 0 all of it
  /// [padded]; it belongs to the reducer and is good until the next call. Runs the lanes on the pool; the
  /// calling thread communicates.
  virtual at::Tensor reduce(LanePool& pool, const DifferentiateLane& differentiate) = 0;
  /// Bytes of gradient buffers that a step holds, shards included; buckets on their way (two at a time) come
  /// on top.
  virtual std::size_t buffer_bytes() const = 0;
};

/// zero 0 and 1 exchange the sums of each rank's lanes once a step; zero 2 exchanges every bucket of every
/// lane as soon as its gradient is there; zero 3, which has a `window`, when all lanes at work are through
/// with the layers in it. All of it is ShardingConfig's table. References must outlive it. `workers`: lanes
/// that are differentiated side by side; with a window the same number on all ranks. Throws Error for
/// parameters on a device with Determinism::exact.
std::unique_ptr<GradientReducer> make_gradient_reducer(const ShardingConfig& config,
                                                       const LearnerLanes& lanes, const Sharding& sharding,
                                                       const FlatParameters& parameters, int workers,
                                                       LayerWindow* window = nullptr);

/// Adds what all ranks have of a bucket [bucket.size] and leaves this rank's part of the sum in `part`.
/// exact: one all-to-all, then the tree over ranks. fast: one reduce-scatter.
class BucketReduction {
 public:
  BucketReduction(const LearnerLanes& lanes, Determinism determinism, const Bucket& bucket,
                  const at::Tensor& values, at::Tensor part);
  void finish();

 private:
  std::int64_t ranks_;
  at::Tensor part_;      // [part]
  at::Tensor received_;  // [ranks, part]; undefined with fast
  std::unique_ptr<Work> work_;
};

}  // namespace pagewright
