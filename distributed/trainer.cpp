#include "distributed/trainer.hpp"

#include <cmath>
#include <cstddef>

#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/base/error.hpp"
#include "core/numerics/block_sum.hpp"
#include "core/rl/adamw.hpp"
#include "core/rl/schedule.hpp"

namespace pagewright {
namespace {

/// Leaves of one lane's graph: the parameters' storage, own gradients.
struct LaneAliases {
  std::shared_ptr<WeightsView::Tensors> tensors = std::make_shared<WeightsView::Tensors>();
  std::vector<at::Tensor> leaves;  // [slots] in the order of the slots

  explicit LaneAliases(const FlatParameters& parameters) {
    const WeightsView view = parameters.view();
    for (const FlatSlot& slot : parameters.slots()) {
      at::Tensor leaf = view.at(slot.spec.name).detach();
      leaf.requires_grad_(true);
      leaves.push_back(leaf);
      tensors->emplace(slot.spec.name, std::move(leaf));
    }
  }
};

void add_gradients(const at::Tensor& loss, const LaneAliases& aliases, std::span<const FlatSlot> slots,
                   at::Tensor& flat) {
  const auto gradients =
      torch::autograd::grad({loss}, aliases.leaves, /*grad_outputs=*/{}, /*retain_graph=*/false,
                            /*create_graph=*/false, /*allow_unused=*/true);
  for (std::size_t i = 0; i < slots.size(); ++i)
    if (gradients[i].defined())
      flat.narrow(0, slots[i].offset, slots[i].numel).add_(gradients[i].reshape({slots[i].numel}));
}

}  // namespace

Trainer::Trainer(Communicator& learners, FlatParameters& parameters, OptimizerConfig config, LanePool& pool,
                 int lanes, std::int64_t total_steps)
    : learners_(learners),
      parameters_(parameters),
      config_(config),
      pool_(pool),
      lanes_(lanes),
      total_steps_(total_steps) {
  require(learners_.size() == 1, "the trainer runs on one learner rank, not {}", learners_.size());
  for (int lane = 0; lane < lanes_; ++lane) gradients_.push_back(at::zeros_like(parameters_.values()));
}

void Trainer::differentiate(const LossFunction& loss, int lane, int micro_batches, LaneSums& sums) {
  at::Tensor& gradient = gradients_[static_cast<std::size_t>(lane)];
  gradient.zero_();
  const LaneAliases aliases(parameters_);
  const WeightsView weights(std::make_shared<const ModelConfig>(parameters_.config()), aliases.tensors,
                            parameters_.version());
  for (int micro_batch = 0; micro_batch < micro_batches; ++micro_batch) {
    const at::Tensor value = loss(weights, lane, micro_batch, sums);
    if (value.defined()) add_gradients(value, aliases, parameters_.slots(), gradient);
  }
}

void Trainer::update(double grad_norm, double learning_rate) {
  at::Tensor gradient = gradients_.front();
  if (config_.max_grad_norm > 0 && grad_norm > config_.max_grad_norm)
    gradient.mul_(config_.max_grad_norm / grad_norm);
  AdamwStep options{learning_rate, config_.beta1,        config_.beta2,
                    config_.eps,   config_.weight_decay, parameters_.step() + 1};
  const std::int64_t border = parameters_.decay_end(), end = parameters_.numel();
  const auto apply = [&](std::int64_t from, std::int64_t to) {
    const auto range = [&](const at::Tensor& flat) { return flat.narrow(0, from, to - from); };
    adamw(options, range(parameters_.values()), range(gradient), range(parameters_.first_moment()),
          range(parameters_.second_moment()));
  };
  apply(0, border);
  options.weight_decay = 0;
  apply(border, end);
  parameters_.set_step(parameters_.step() + 1);
  parameters_.bump_version();
}

StepReport Trainer::step(const LossFunction& loss, int micro_batches) {
  std::vector<LaneSums> sums(static_cast<std::size_t>(lanes_));
  pool_.run(lanes_, [&](int lane) {
    differentiate(loss, lane, micro_batches, sums[static_cast<std::size_t>(lane)]);
  });
  add_lanes(std::span<const at::Tensor>(gradients_), pool_);

  StepReport report;
  report.sums = add_lanes(std::span<const LaneSums>(sums));
  report.grad_norm = std::sqrt(block_sum_of_squares(gradients_.front()));
  report.learning_rate =
      LearningRateSchedule{config_.learning_rate, config_.warmup_steps, total_steps_, config_.final_fraction}
          .at(parameters_.step());
  report.skipped = !std::isfinite(report.grad_norm);
  if (!report.skipped) update(report.grad_norm, report.learning_rate);
  return report;
}

}  // namespace pagewright
