#include "distributed/sharding/layer_window.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "distributed/sharding/lane_leaf.hpp"

namespace pagewright {

/// What one lane's model borrows its layers from.
class LayerWindow::LaneLayers final : public LayerSource {
 public:
  LaneLayers(LayerWindow& window, int lane, const LaneGradient& gradient, std::int64_t version)
      : window_(window), lane_(lane), gradient_(gradient), version_(version) {}

  WeightsView acquire(std::int64_t layer, LayerPass pass) override {
    const std::int64_t step = step_of(layer, pass);
    const auto unit = window_.wait_for_layer(lane_, step);
    const bool backward = pass == LayerPass::backward;
    return window_.lend(*unit, window_.units_.unit(layer), backward ? &gradient_ : nullptr,
                        window_.in_last_micro_batch(step), version_, nullptr);
  }
  void release(std::int64_t layer, LayerPass pass) override { window_.release(lane_, step_of(layer, pass)); }

 private:
  std::int64_t step_of(std::int64_t layer, LayerPass pass) const {
    const std::int64_t layers = window_.units_.layers(),
                       within = pass == LayerPass::forward ? layer : 2 * layers - 1 - layer;
    const std::lock_guard lock(window_.mutex_);
    const std::int64_t through = window_.released_[static_cast<std::size_t>(lane_)];
    return through / (2 * layers) * 2 * layers + within;
  }

  LayerWindow& window_;
  int lane_;
  const LaneGradient& gradient_;
  std::int64_t version_;
};

LayerWindow::LayerWindow(Communicator& learners, const FlatParameters& layout, const Sharding& sharding)
    : learners_(learners),
      layout_(layout),
      sharding_(sharding),
      units_(layout, sharding),
      resident_(static_cast<std::size_t>(units_.layers())) {}

std::int64_t LayerWindow::layer_of_step(std::int64_t step) const {
  const std::int64_t layers = units_.layers(), within = step % (2 * layers);
  return within < layers ? within : 2 * layers - 1 - within;
}

void LayerWindow::begin_step(at::Tensor shard, int micro_batches) {
  shard_ = std::move(shard);
  micro_batches_ = micro_batches;
  const auto root =
      std::make_shared<GatheredUnit>(learners_, sharding_, units_.unit(LayerUnits::kRoot), shard_);
  root->wait();
  root_ = root;
  note_bytes();
}

void LayerWindow::end_step() {
  root_.reset();
  std::ranges::fill(resident_, nullptr);
  shard_.reset();
}

void LayerWindow::begin_group(int lanes) {
  const std::lock_guard lock(mutex_);
  released_.assign(static_cast<std::size_t>(lanes), 0);
  published_ = 0;
  error_ = nullptr;
}

void LayerWindow::serve(const std::function<void(std::int64_t)>& after_backward) {
  for (std::int64_t step = 0; step < steps(); ++step) {
    gather(step);
    if (step == 0) continue;
    wait_for_lanes(step);
    retire(step - 1, after_backward);
  }
  wait_for_lanes(steps());
  retire(steps() - 1, after_backward);
}

void LayerWindow::gather(std::int64_t step) {
  const std::int64_t layer = layer_of_step(step);
  std::shared_ptr<const GatheredUnit>& place = resident_[static_cast<std::size_t>(layer)];
  if (!place) {
    const auto unit = std::make_shared<GatheredUnit>(learners_, sharding_, units_.unit(layer), shard_);
    unit->wait();
    const std::lock_guard lock(mutex_);
    place = unit;
  }
  note_bytes();
  const std::lock_guard lock(mutex_);
  published_ = step + 1;
  changed_.notify_all();
}

void LayerWindow::note_bytes() {
  std::size_t bytes = root_->bytes();
  for (const auto& unit : resident_)
    if (unit) bytes += unit->bytes();
  peak_bytes_ = std::max(peak_bytes_, bytes);
}

/// Until every lane is through with the steps before `step`.
void LayerWindow::wait_for_lanes(std::int64_t step) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return error_ || std::ranges::all_of(released_, [&](std::int64_t done) { return done >= step; });
  });
  if (error_) std::rethrow_exception(error_);
}

void LayerWindow::retire(std::int64_t step, const std::function<void(std::int64_t)>& after_backward) {
  const std::int64_t layer = layer_of_step(step);
  if (step + 1 == steps() || layer_of_step(step + 1) != layer) {
    const std::lock_guard lock(mutex_);
    resident_[static_cast<std::size_t>(layer)].reset();
  }
  if (is_backward(step) && in_last_micro_batch(step)) after_backward(layer);
}

void LayerWindow::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = std::move(error);
  changed_.notify_all();
}

std::shared_ptr<const GatheredUnit> LayerWindow::wait_for_layer(int lane, std::int64_t step) {
  std::unique_lock lock(mutex_);
  require(
      released_[static_cast<std::size_t>(lane)] == step,
      "zero 3 runs the model once, forward and back, in a micro-batch; this loss asks for layer {} out of "
      "turn",
      layer_of_step(step));
  changed_.wait(lock, [&] { return error_ || published_ > step; });
  if (error_) std::rethrow_exception(error_);
  return resident_[static_cast<std::size_t>(layer_of_step(step))];
}

void LayerWindow::release(int lane, std::int64_t step) {
  const std::lock_guard lock(mutex_);
  released_[static_cast<std::size_t>(lane)] = step + 1;
  changed_.notify_all();
}

void LayerWindow::finish_micro_batch(int lane, int micro_batch) {
  release(lane, (micro_batch + 1) * 2 * units_.layers() - 1);
}

WeightsView LayerWindow::lend(const GatheredUnit& unit, const LayerUnit& slots, const LaneGradient* gradient,
                              bool hooks, std::int64_t version, std::shared_ptr<LayerSource> layers) const {
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const std::size_t slot : slots.slots) {
    const FlatSlot& range = layout_.slots()[slot];
    const at::Tensor values = unit.values_of(range);
    at::Tensor lent = gradient ? lane_leaf(values, range, *gradient) : values.view(range.spec.shape);
    if (gradient && hooks && gradient->on_slot) add_slot_hook(lent, *gradient, slot);
    tensors->emplace(range.spec.name, std::move(lent));
  }
  for (const std::string& name : slots.frozen)
    tensors->emplace(name, layout_.frozen()->tensors().find(name)->second);
  return {layout_.shared_config(), std::move(tensors), version, std::move(layers)};
}

WeightsView LayerWindow::weights_of(int lane, const LaneGradient& gradient, std::int64_t version) {
  // Hooks on the root would have to wait for the last micro-batch: its buckets go last, when the lane is
  // done.
  return lend(*root_, units_.unit(LayerUnits::kRoot), &gradient, /*hooks=*/false, version,
              std::make_shared<LaneLayers>(*this, lane, gradient, version));
}

}  // namespace pagewright
