#include "distributed/trainer.hpp"

#include <cmath>
#include <cstddef>

#include <torch/csrc/autograd/autograd.h>

#include "core/base/error.hpp"
#include "core/numerics/block_sum.hpp"
#include "core/rl/adamw.hpp"
#include "core/rl/schedule.hpp"
#include "distributed/sharding/shard_norm.hpp"

namespace pagewright {
namespace {

/// Tells the lane's gradient that a slot is complete.
class SlotHook final : public torch::autograd::PostAccumulateGradHook {
 public:
  SlotHook(const LaneGradient& gradient, std::size_t slot) : gradient_(gradient), slot_(slot) {}
  void operator()(const torch::autograd::Variable&) override { gradient_.on_slot(slot_); }

 private:
  const LaneGradient& gradient_;
  std::size_t slot_;
};

/// Leaves of one lane's graph: the parameters' storage, with gradients in the lane's flat buffer.
struct LaneAliases {
  std::shared_ptr<WeightsView::Tensors> tensors = std::make_shared<WeightsView::Tensors>();
  std::vector<at::Tensor> leaves;  // [slots] in the order of the slots

  LaneAliases(const FlatParameters& parameters, const LaneGradient& gradient) {
    const WeightsView values = parameters.view(), gradients = parameters.view_of(gradient.flat);
    for (const FlatSlot& slot : parameters.slots()) {
      at::Tensor leaf = values.at(slot.spec.name).detach();
      leaf.requires_grad_(true);
      leaf.mutable_grad() = gradients.at(slot.spec.name);
      leaves.push_back(leaf);
      tensors->emplace(slot.spec.name, std::move(leaf));
    }
  }

  void add_hooks(const LaneGradient& gradient) {
    for (std::size_t slot = 0; slot < leaves.size(); ++slot)
      torch::autograd::impl::set_post_acc_grad_hooks(leaves[slot],
                                                     std::make_unique<SlotHook>(gradient, slot));
  }
};

Sharding optimizer_sharding(const FlatParameters& parameters, const Communicator& learners,
                            const ShardingConfig& config) {
  return {parameters.numel(), config.zero == 0 ? 1 : learners.size(), config.bucket};
}

}  // namespace

Trainer::Trainer(Communicator& learners, FlatParameters& parameters, OptimizerConfig config, LanePool& pool,
                 int lanes, std::int64_t total_steps, ShardingConfig sharding)
    : parameters_(parameters),
      config_(config),
      pool_(pool),
      lanes_(learners, lanes, sharding.lane_order()),
      zero_(sharding.zero),
      total_steps_(total_steps),
      sharding_(parameters.numel(), learners.size(), sharding.bucket),
      adamw_(parameters, optimizer_sharding(parameters, learners, sharding),
             sharding.zero == 0 ? 0 : learners.rank()),
      reducer_(make_gradient_reducer(sharding, lanes_, sharding_, parameters, pool.threads())) {}

void Trainer::differentiate(const LossFunction& loss, int lane, int micro_batches,
                            const LaneGradient& gradient, LaneSums& sums) const {
  LaneAliases aliases(parameters_, gradient);
  const WeightsView weights(std::make_shared<const ModelConfig>(parameters_.config()), aliases.tensors,
                            parameters_.version());
  for (int micro_batch = 0; micro_batch < micro_batches; ++micro_batch) {
    const at::Tensor value = loss(weights, lane, micro_batch, sums);
    if (!value.defined()) continue;
    if (gradient.on_slot && micro_batch + 1 == micro_batches) aliases.add_hooks(gradient);
    torch::autograd::backward({value}, /*grad_tensors=*/{}, /*retain_graph=*/false, /*create_graph=*/false,
                              aliases.leaves);
  }
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
  if (!replicated()) sharding_.gather(lanes_.learners(), shard_of_values(), parameters_.values());
  parameters_.set_step(parameters_.step() + 1);
  parameters_.bump_version();
}

StepReport Trainer::step(const LossFunction& loss, int micro_batches) {
  std::vector<LaneSums> sums(lanes_.own().size());
  const at::Tensor gradient = reducer_->reduce(pool_, [&](int index, const LaneGradient& into) {
    const auto own = static_cast<std::size_t>(index);
    differentiate(loss, lanes_.own()[own], micro_batches, into, sums[own]);
  });
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
  return sharding_.shard_of(parameters_.values(), lanes_.learners().rank());
}

TrainerShard Trainer::shard() const {
  return {shard_of_values(), shard_of_state(adamw_.first_moment()), shard_of_state(adamw_.second_moment())};
}

void Trainer::restore(const TrainerShard& shard) {
  const std::int64_t size = sharding_.shard_size(lanes_.learners().rank());
  const auto check = [&](const at::Tensor& tensor, const char* name) {
    require(tensor.defined() && tensor.numel() == size &&
                tensor.scalar_type() == parameters_.values().scalar_type(),
            "the saved state's {} are not of this model", name);
  };
  check(shard.values, "parameters");
  check(shard.first_moment, "first moments");
  check(shard.second_moment, "second moments");
  sharding_.gather(lanes_.learners(), shard.values, parameters_.values());
  const auto restore_state = [&](const at::Tensor& part, at::Tensor held) {
    replicated() ? sharding_.gather(lanes_.learners(), part, held) : void(held.copy_(part));
  };
  restore_state(shard.first_moment, adamw_.first_moment());
  restore_state(shard.second_moment, adamw_.second_moment());
}

std::size_t Trainer::optimizer_bytes() const {
  return adamw_.first_moment().nbytes() + adamw_.second_moment().nbytes();
}

}  // namespace pagewright
