#include "distributed/supervised/supervised_loop.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/base/progress.hpp"
#include "core/base/rng.hpp"

namespace pagewright {

namespace {

std::vector<std::int64_t> shuffled_examples(std::int64_t count, std::uint64_t seed, int epoch) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  CounterRandom random(seed, RandomStream::shuffle, static_cast<std::uint64_t>(epoch));
  random.shuffle(std::span(order));
  return order;
}

std::int64_t steps_per_epoch(std::int64_t examples, const SupervisedConfig& config) {
  return (examples + config.batch - 1) / config.batch;
}

/// Examples [begin, end) of a batch that lane `lane` of `lanes` takes: contiguous, as equal as can be.
std::span<const std::int64_t> lane_share(std::span<const std::int64_t> batch, int lane, int lanes) {
  const std::size_t begin = batch.size() * static_cast<std::size_t>(lane) / static_cast<std::size_t>(lanes);
  const std::size_t end =
      batch.size() * (static_cast<std::size_t>(lane) + 1) / static_cast<std::size_t>(lanes);
  return batch.subspan(begin, end - begin);
}

/// Mean loss per unit of weight since it was last asked for.
struct TrainLoss {
  double loss = 0;
  double weight = 0;
  double take() {
    const double mean = weight > 0 ? loss / weight : 0;
    loss = weight = 0;
    return mean;
  }
};

/// Trains on one batch and returns its loss, summed.
double step_on(Trainer& trainer, const SupervisedTask& task, std::span<const std::int64_t> batch,
               double weight) {
  const StepReport report = trainer.step(
      [&](const WeightsView& weights, int lane, int, LaneSums& sums) -> at::Tensor {
        const auto examples = lane_share(batch, lane, trainer.lanes());
        if (examples.empty()) return {};
        at::Tensor loss = task.loss(weights, examples, sums);
        if (!loss.defined()) return {};
        sums["loss"] += loss.item<double>();
        return loss / weight;
      },
      /*micro_batches=*/1);
  require(!report.skipped, "{}: the gradient is not finite; lower the learning rate", task.name());
  const auto loss = report.sums.find("loss");
  return loss == report.sums.end() ? 0 : loss->second;
}

/// Measured by the first learner, for all; not a number if nothing is held out.
double held_out_loss(Trainer& trainer, SupervisedTask& task) {
  Communicator& learners = trainer.learner_lanes().learners();
  at::Tensor loss = at::zeros({1}, at::kDouble);
  if (learners.rank() == 0)
    loss.mutable_data_ptr<double>()[0] =
        task.held_out_loss(trainer.parameters().view()).value_or(std::nan(""));
  learners.broadcast(loss, 0)->wait();
  return loss.const_data_ptr<double>()[0];
}

int evaluations_since_gain(const SupervisedResult& result, const SupervisedConfig& config) {
  double lowest = result.curve.front().held_out_loss;
  int since = 0;
  for (std::size_t i = 1; i < result.curve.size(); ++i) {
    const double loss = result.curve[i].held_out_loss;
    const bool gain = loss < lowest - config.least_gain * std::abs(lowest);
    if (gain) lowest = loss;
    since = gain ? 0 : since + 1;
  }
  return since;
}

/// Whether the held-out loss is measured after `step` (from 0) of an epoch of `steps`.
bool evaluates_after(const SupervisedConfig& config, int epoch, std::int64_t step, std::int64_t steps) {
  if (config.evaluate_every > 0) {
    const std::int64_t done = epoch * steps + step + 1;
    return done % config.evaluate_every == 0 || done == config.epochs * steps;
  }
  const std::int64_t parts = std::min<std::int64_t>(config.evaluations_per_epoch, steps);
  return (step + 1) * parts / steps != step * parts / steps;
}

}  // namespace

std::int64_t supervised_steps(std::int64_t examples, const SupervisedConfig& config) {
  return steps_per_epoch(examples, config) * config.epochs;
}

SupervisedResult run_supervised(Trainer& trainer, SupervisedTask& task, const SupervisedConfig& config,
                                const std::function<void(const SupervisedPoint&)>& on_point) {
  const std::int64_t steps = steps_per_epoch(task.examples(), config);
  require(steps > 0, "{}: there is nothing to train on", task.name());
  SupervisedResult result;
  at::Tensor best_values;  // [S]
  const auto evaluate = [&](double epoch, double train_loss) {
    trainer.gather_parameters();
    const SupervisedPoint point{epoch, train_loss, held_out_loss(trainer, task)};
    const bool measured = !std::isnan(point.held_out_loss);
    if (result.curve.empty() || !measured || point.held_out_loss < result.curve[result.best].held_out_loss) {
      result.best = result.curve.size();
      best_values = trainer.shard_of_values();
    }
    result.curve.push_back(point);
    if (on_point) on_point(point);
  };

  Progress progress(task.name(), steps * config.epochs);
  TrainLoss train_loss;
  evaluate(0, 0);
  for (int epoch = 0; epoch < config.epochs && !result.plateau; ++epoch) {
    task.begin_epoch(epoch);
    const auto order = shuffled_examples(task.examples(), config.seed, epoch);
    for (std::int64_t step = 0; step < steps && !result.plateau; ++step) {
      const auto begin = static_cast<std::size_t>(step * config.batch);
      const auto batch = std::span(order).subspan(
          begin, std::min<std::size_t>(static_cast<std::size_t>(config.batch), order.size() - begin));
      double weight = 0;
      for (std::int64_t example : batch) weight += task.weight(example);
      if (weight > 0) train_loss.loss += step_on(trainer, task, batch, weight);
      train_loss.weight += weight;
      result.examples += static_cast<std::int64_t>(batch.size());
      progress.advance(1);
      if (!evaluates_after(config, epoch, step, steps)) continue;
      evaluate(epoch + static_cast<double>(step + 1) / static_cast<double>(steps), train_loss.take());
      result.plateau = config.patience > 0 && !std::isnan(result.curve.back().held_out_loss) &&
                       evaluations_since_gain(result, config) >= config.patience;
    }
  }
  if (result.plateau)
    log_info("{}: the held-out loss stopped falling after {} examples", task.name(), result.examples);
  if (std::isnan(result.curve.back().held_out_loss))
    log_warn("{}: nothing to measure on is held out, so the last weights are kept", task.name());
  else if (result.best + 1 == result.curve.size())
    log_info("{}: the held-out loss still fell at the end; more epochs may help", task.name());
  TrainerShard best = trainer.shard();
  best.values = std::move(best_values);
  trainer.restore(best);
  trainer.parameters().bump_version();
  return result;
}

}  // namespace pagewright
