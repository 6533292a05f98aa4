#pragma once
// zero 3: the parameters of a few layers at a time, gathered for all lanes at work and given back after use.

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/model/layer_source.hpp"
#include "distributed/sharding/gradient_reducer.hpp"
#include "distributed/sharding/layer_units.hpp"

namespace pagewright {

/// Note [Layer window]
/// The lanes of a group run side by side, each forward through the layers and back. One list of steps serves
/// all of them: layers 0 to L - 1 forward, L - 1 to 0 backward, for each micro-batch. The communicating
/// thread gathers the layer of step s while lanes compute step s - 1, and lets go of the layer of step s - 1
/// once every lane is through with it; so two layers are there at once at most, and the parameters outside of
/// layers (the root) throughout. All ranks walk the same list with equally many lanes, so that their
/// collectives match; a lane whose micro-batch has no loss skips its steps.
class LayerWindow {
 public:
  /// References must outlive it.
  LayerWindow(Communicator& learners, const FlatParameters& layout, const Sharding& sharding);

  const LayerUnits& units() const { return units_; }

  /// Of the communicating thread. All learners take part. `shard` [S] of the parameters must stay as it is
  /// until end_step().
  void begin_step(at::Tensor shard, int micro_batches);
  void end_step();
  /// Lanes 0 to `lanes` - 1 of a new group.
  void begin_group(int lanes);
  /// Walks the list of steps; `after_backward` is called for each layer when all lanes are through with its
  /// backward pass in the last micro-batch. Throws what a lane failed with.
  void serve(const std::function<void(std::int64_t layer)>& after_backward);
  /// Ends the waiting of all lanes and of serve() with this error.
  void fail(std::exception_ptr error);

  /// For the worker thread of a lane: the root's parameters, as leaves with gradients in the lane's buffer;
  /// its layers() lends the rest.
  WeightsView weights_of(int lane, const LaneGradient& gradient, std::int64_t version);
  /// The lane is through with a micro-batch (from 0).
  void finish_micro_batch(int lane, int micro_batch);

  /// Most bytes of gathered parameters at once, so far.
  std::size_t peak_bytes() const { return peak_bytes_; }

 private:
  class LaneLayers;
  std::int64_t steps() const { return 2 * units_.layers() * micro_batches_; }
  std::int64_t layer_of_step(std::int64_t step) const;
  bool is_backward(std::int64_t step) const { return step % (2 * units_.layers()) >= units_.layers(); }
  bool in_last_micro_batch(std::int64_t step) const { return step >= steps() - 2 * units_.layers(); }
  void gather(std::int64_t step);
  void wait_for_lanes(std::int64_t step);
  void retire(std::int64_t step, const std::function<void(std::int64_t)>& after_backward);
  /// Leaves with gradients, or plain views, of the unit's parameters; hooks call gradient.on_slot.
  WeightsView lend(const GatheredUnit& unit, const LayerUnit& slots, const LaneGradient* gradient, bool hooks,
                   std::int64_t version, std::shared_ptr<LayerSource> layers) const;
  std::shared_ptr<const GatheredUnit> wait_for_layer(int lane, std::int64_t step);
  void release(int lane, std::int64_t step);
  void note_bytes();

  Communicator& learners_;
  const FlatParameters& layout_;
  const Sharding& sharding_;
  LayerUnits units_;
  at::Tensor shard_;  // [S] during a step
  int micro_batches_ = 1;
  std::size_t peak_bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const GatheredUnit> root_;
  std::vector<std::shared_ptr<const GatheredUnit>> resident_;  // [layers]
  std::int64_t published_ = 0;                                 // steps whose layer is, or was, there
  std::vector<std::int64_t> released_;                         // [lanes] steps that the lane is through with
  std::exception_ptr error_;
};

}  // namespace pagewright
