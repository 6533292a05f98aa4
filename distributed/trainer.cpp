#include "distributed/trainer.hpp"

#include <cmath>
#include <cstddef>

#include <ATen/ops/full.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/error.hpp"
#include "core/numerics/block_sum.hpp"
#include "core/rl/adamw.hpp"
#include "core/rl/schedule.hpp"
#include "distributed/sharding/lane_leaf.hpp"
#include "distributed/sharding/shard_norm.hpp"

namespace pagewright {
namespace {

/// Leaves of one lane's graph: the parameters' storage, with gradients in the lane's flat buffer.
struct LaneAliases {
  std::shared_ptr<WeightsView::Tensors> tensors = std::make_shared<WeightsView::Tensors>();
  std::vector<at::Tensor> leaves;  // [slots] in the order of the slots

  LaneAliases(const FlatParameters& parameters, const LaneGradient& gradient) {
    for (const FlatSlot& slot : parameters.slots()) {
      leaves.push_back(lane_leaf(parameters.values().narrow(0, slot.offset, slot.numel), slot, gradient));
      tensors->emplace(slot.spec.name, leaves.back());
    }
    if (parameters.frozen())
      tensors->insert(parameters.frozen()->tensors().begin(), parameters.frozen()->tensors().end());
  }
};

/// Layers that are computed again in the backward pass, but stay in memory.
class ResidentLayers final : public LayerSource {
 public:
  explicit ResidentLayers(WeightsView all) : all_(std::move(all)) {}
  WeightsView acquire(std::int64_t, LayerPass) override { return all_; }
  void release(std::int64_t, LayerPass) override {}

 private:
  WeightsView all_;
};

void run_backward(const at::Tensor& loss) {
  torch::autograd::backward({loss}, /*grad_tensors=*/{}, /*retain_graph=*/false, /*create_graph=*/false);
}

bool shares_parameters(const Communicator& learners, const ShardingConfig& config) {
  return config.zero == 3 && learners.size() > 1;
}

Sharding checkpoint_sharding(const FlatParameters& parameters, const Communicator& learners,
                             const ShardingConfig& config) {
  const auto borders =
      shares_parameters(learners, config) ? layer_borders(parameters) : std::vector<std::int64_t>{};
  return {parameters.numel(), learners.size(), config.bucket, borders};
}

/// Without sharing, all of it is one rank's.
Sharding optimizer_sharding(const FlatParameters& parameters, const Communicator& learners,
                            const ShardingConfig& config, const Sharding& shared) {
  return config.zero == 0 && learners.size() > 1 ? Sharding(parameters.numel(), 1, config.bucket) : shared;
}

/// Of all learners, which all take part.
int fewest_threads(Communicator& learners, const LanePool& pool) {
  at::Tensor threads = at::full({1}, pool.threads(), at::TensorOptions(learners.device()).dtype(at::kInt));
  learners.all_reduce(threads, ReduceOp::min)->wait();
  return threads.item<int>();
}

}  // namespace

Trainer::Trainer(Communicator& learners, FlatParameters& parameters, OptimizerConfig config, LanePool& pool,
                 int lanes, std::int64_t total_steps, ShardingConfig sharding)
    : parameters_(parameters),
      config_(config),
      pool_(pool),
      lanes_(learners, lanes, sharding.lane_order()),
      how_(sharding),
      total_steps_(total_steps),
      sharding_(checkpoint_sharding(parameters, learners, sharding)),
      adamw_(parameters, optimizer_sharding(parameters, learners, sharding, sharding_),
             sharding.zero == 0 ? 0 : learners.rank()) {
  if (shares_parameters(learners, how_))
    window_ = std::make_unique<LayerWindow>(learners, parameters, sharding_);
  // One thread differentiates all that lies on a device: a lane that waits there for a layer holds up all.
  const bool one_at_a_time = window_ && !parameters.values().is_cpu();
  const int workers = one_at_a_time ? 1 : window_ ? fewest_threads(learners, pool) : pool.threads();
  reducer_ = make_gradient_reducer(how_, lanes_, sharding_, parameters, workers, window_.get());
}

void Trainer::differentiate(const LossFunction& loss, int lane, int micro_batches,
                            const LaneGradient& gradient, LaneSums& sums) {
  const LaneAliases aliases(parameters_, gradient);
  WeightsView weights(parameters_.shared_config(), aliases.tensors, parameters_.version());
  if (how_.recomputes_layers())
    weights = {parameters_.shared_config(), aliases.tensors, parameters_.version(),
               std::make_shared<ResidentLayers>(weights)};
  for (int micro_batch = 0; micro_batch < micro_batches; ++micro_batch) {
    const at::Tensor value = loss(weights, lane, micro_batch, sums);
    if (!value.defined()) continue;
    if (gradient.on_slot && micro_batch + 1 == micro_batches)
      for (std::size_t slot = 0; slot < aliases.leaves.size(); ++slot)
        add_slot_hook(aliases.leaves[slot], gradient, slot);
    run_backward(value);
  }
}

void Trainer::differentiate_in_window(const LossFunction& loss, int lane, int micro_batches,
                                      const LaneGradient& gradient, LaneSums& sums) {
  const WeightsView weights = window_->weights_of(gradient.place, gradient, parameters_.version());
  for (int micro_batch = 0; micro_batch < micro_batches; ++micro_batch) {
    const at::Tensor value = loss(weights, lane, micro_batch, sums);
    if (value.defined()) run_backward(value);
    window_->finish_micro_batch(gradient.place, micro_batch);
  }
}

at::Tensor Trainer::reduce_gradients(const LossFunction& loss, int micro_batches,
                                     std::vector<LaneSums>& sums) {
  if (window_) {
    adamw_.send_away();
    const at::Tensor shard = adamw_.master().to(parameters_.dtype());
    window_->begin_step(shard, micro_batches);
    shard_bytes_ = adamw_.master().nbytes() + (shard.is_same(adamw_.master()) ? 0 : shard.nbytes());
  }
  const at::Tensor gradient = reducer_->reduce(pool_, [&](int index, const LaneGradient& into) {
    const auto own = static_cast<std::size_t>(index);
    window_ ? differentiate_in_window(loss, lanes_.own()[own], micro_batches, into, sums[own])
            : differentiate(loss, lanes_.own()[own], micro_batches, into, sums[own]);
  });
  if (window_) window_->end_step();
  return gradient.to(adamw_.first_moment().scalar_type());
}

double Trainer::gradient_norm(const at::Tensor& gradient) const {
  return std::sqrt(replicated() ? block_sum_of_squares(gradient)
                                : sharded_sum_of_squares(lanes_.learners(), sharding_, gradient));
}

void Trainer::update(at::Tensor gradient, double grad_norm, double learning_rate) {
  if (config_.max_grad_norm > 0 && grad_norm > config_.max_grad_norm)
    gradient.mul_(config_.max_grad_norm / grad_norm);
  adamw_.step({learning_rate, config_.beta1, config_.beta2, config_.eps, config_.weight_decay,
               parameters_.step() + 1},
              gradient);
  if (!replicated() && !window_)
    sharding_.gather(lanes_.learners(), sharding_.shard_of(parameters_.values(), lanes_.learners().rank()),
                     parameters_.values());
  parameters_.set_step(parameters_.step() + 1);
  parameters_.bump_version();
}

StepReport Trainer::step(const LossFunction& loss, int micro_batches) {
  std::vector<LaneSums> sums(lanes_.own().size());
  const at::Tensor gradient = reduce_gradients(loss, micro_batches, sums);
  StepReport report;
  report.sums = lanes_.add(sums);
  report.grad_norm = gradient_norm(gradient);
  report.learning_rate =
      LearningRateSchedule{config_.learning_rate, config_.warmup_steps, total_steps_, config_.final_fraction}
          .at(parameters_.step());
  report.skipped = !std::isfinite(report.grad_norm);
  if (!report.skipped) update(gradient, report.grad_norm, report.learning_rate);
  return report;
}

at::Tensor Trainer::shard_of_state(const at::Tensor& held) const {
  // What one bucketed rank holds is laid out as the flat buffer.
  return replicated() ? sharding_.shard_of(held, lanes_.learners().rank()) : held.clone();
}

at::Tensor Trainer::shard_of_values() const {
  if (adamw_.master().defined()) return shard_of_state(adamw_.master());
  return sharding_.shard_of(parameters_.values(), lanes_.learners().rank());
}

void Trainer::gather_parameters() {
  if (parameters_.whole()) return;
  parameters_.allocate_values();
  sharding_.gather(lanes_.learners(), adamw_.master().to(parameters_.dtype()), parameters_.values());
  adamw_.back_again();
}

TrainerShard Trainer::shard() const {
  return {shard_of_values(), shard_of_state(adamw_.first_moment()), shard_of_state(adamw_.second_moment())};
}

void Trainer::restore(const TrainerShard& shard) {
  const std::int64_t size = sharding_.shard_size(lanes_.learners().rank());
  const auto check = [&](const at::Tensor& tensor, const char* name) {
    require(tensor.defined() && tensor.numel() == size &&
                tensor.scalar_type() == adamw_.first_moment().scalar_type(),
            "the saved state's {} are not of this model", name);
  };
  check(shard.values, "parameters");
  check(shard.first_moment, "first moments");
  check(shard.second_moment, "second moments");
  const auto restore_state = [&](const at::Tensor& part, at::Tensor held) {
    replicated() ? sharding_.gather(lanes_.learners(), part, held) : void(held.copy_(part));
  };
  restore_state(shard.first_moment, adamw_.first_moment());
  restore_state(shard.second_moment, adamw_.second_moment());
  if (adamw_.master().defined()) restore_state(shard.values, adamw_.master());
  if (!parameters_.whole()) parameters_.allocate_values();
  sharding_.gather(lanes_.learners(), shard.values.to(parameters_.dtype()), parameters_.values());
  adamw_.back_again();
}

std::size_t Trainer::parameter_bytes() const {
  const std::size_t frozen = parameters_.frozen() ? parameters_.frozen()->bytes() : 0;
  if (window_) return frozen + shard_bytes_ + window_->peak_bytes();
  const std::size_t master = adamw_.master().defined() ? adamw_.master().nbytes() : 0;
  return frozen + master +
         static_cast<std::size_t>(parameters_.numel()) * c10::elementSize(parameters_.dtype());
}

std::size_t Trainer::optimizer_bytes() const {
  return adamw_.first_moment().nbytes() + adamw_.second_moment().nbytes();
}

}  // namespace pagewright
