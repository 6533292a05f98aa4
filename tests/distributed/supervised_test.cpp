#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.hpp"
#include "core/base/progress.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

ModelConfig supervised_model() {
  ModelConfig config;
  config.vocab_size = 12;
  config.dim = 4;
  config.layers = 1;
  config.heads = config.kv_heads = 1;
  config.ffn_dim = 4;
  config.layout_begin = 6;
  config.structure_size = 4;
  config.value_head = true;
  return config;
}

/// Fits the value head's bias to targets 0, 1, ... n-1: the best is their weighted mean.
class BiasTask final : public SupervisedTask {
 public:
  explicit BiasTask(std::int64_t count, bool overfits = false) : count_(count), overfits_(overfits) {}
  bool nothing_held_out = false;
  std::string name() const override { return "bias"; }
  std::int64_t examples() const override { return count_; }
  void begin_epoch(int epoch) override { epochs.push_back(epoch); }
  double weight(std::int64_t example) const override { return example == 0 ? 3 : 1; }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override {
    at::Tensor total;
    for (const std::int64_t example : examples) {
      const at::Tensor error = weights.at("value_head.bias") - static_cast<double>(example);
      const at::Tensor term = weighted_sum(error * error, std::vector<double>{weight(example)});
      total = total.defined() ? total + term : term;
      sums["example " + std::to_string(example)] += 1;
    }
    return total;
  }
  std::optional<double> held_out_loss(const WeightsView& weights) override {
    if (nothing_held_out) return std::nullopt;
    const double bias = weights.at("value_head.bias").item<double>();
    const double wanted = overfits_ ? .5 : mean();
    return (bias - wanted) * (bias - wanted);
  }
  double mean() const {
    double sum = 0;
    for (std::int64_t i = 1; i < count_; ++i) sum += static_cast<double>(i);
    return sum / static_cast<double>(count_ + 2);
  }
  std::vector<int> epochs;

 private:
  std::int64_t count_;
  bool overfits_;
};

struct SupervisedRun {
  FlatParameters parameters{supervised_model(), at::kDouble};
  LocalCommunicator learners;
  std::unique_ptr<LanePool> pool = make_lane_pool(2);
  SupervisedResult result;

  SupervisedRun(BiasTask& task, const SupervisedConfig& config, double rate) {
    Progress::set_shown(false);
    parameters.initialise(1);
    Trainer trainer(learners, parameters,
                    {.learning_rate = rate, .weight_decay = 0, .max_grad_norm = 0, .final_fraction = 1},
                    *pool, 4, supervised_steps(task.examples(), config));
    result = run_supervised(trainer, task, config);
  }
  double bias() const { return parameters.view().at("value_head.bias").item<double>(); }
};

}  // namespace

TEST_CASE("supervised training fits the weighted mean and counts its steps") {
  BiasTask task(10);
  const SupervisedConfig config{.epochs = 60, .batch = 4, .evaluations_per_epoch = 1, .seed = 5};
  CHECK(supervised_steps(10, config) == 180);
  SupervisedRun run(task, config, .05);
  CHECK(run.bias() == Approx(task.mean()).margin(.15));
  CHECK(task.epochs.size() == 60);
  CHECK(task.epochs.back() == 59);
  REQUIRE(run.result.curve.size() == 61);
  CHECK(run.result.curve.front().epoch == 0);
  CHECK(run.result.curve.back().epoch == 60);
  CHECK(run.result.curve[1].train_loss > run.result.curve.back().train_loss);
  CHECK(run.parameters.step() == 180);
}

TEST_CASE("supervised training keeps the weights with the best held-out loss") {
  BiasTask task(10, /*overfits=*/true);
  SupervisedRun run(task, {.epochs = 20, .batch = 5, .evaluations_per_epoch = 2, .seed = 5}, .1);
  const auto best = std::ranges::min_element(run.result.curve, {}, &SupervisedPoint::held_out_loss);
  CHECK(run.result.best == static_cast<std::size_t>(best - run.result.curve.begin()));
  CHECK(run.result.best + 1 < run.result.curve.size());
  CHECK((run.bias() - .5) * (run.bias() - .5) == best->held_out_loss);
}

TEST_CASE("supervised training ends when the held-out loss has stopped falling, with the best weights") {
  BiasTask patient(10, /*overfits=*/true), task(10, /*overfits=*/true);
  const SupervisedConfig all{.epochs = 20, .batch = 5, .evaluate_every = 1, .seed = 5};
  SupervisedConfig some = all;
  some.patience = 3;
  SupervisedRun whole(patient, all, .1), ended(task, some, .1);
  CHECK_FALSE(whole.result.plateau);
  CHECK(whole.result.examples == 200);
  REQUIRE(whole.result.curve.size() == 41);  // before training, and after each of 40 steps
  REQUIRE(ended.result.plateau);
  CHECK(ended.result.curve.size() == ended.result.best + 4);
  CHECK(ended.result.examples == 5 * static_cast<std::int64_t>(ended.result.curve.size() - 1));
  CHECK(ended.result.best == whole.result.best);
  CHECK(ended.bias() == whole.bias());
}

TEST_CASE("a fall of the held-out loss below the least gain does not keep supervised training going") {
  BiasTask task(10), slow(10);
  const SupervisedConfig all{.epochs = 60, .batch = 4, .evaluations_per_epoch = 1, .patience = 2, .seed = 5};
  SupervisedConfig coarse = all;
  coarse.least_gain = .2;
  SupervisedRun fine(task, all, .02), ended(slow, coarse, .02);
  REQUIRE(ended.result.plateau);
  const auto& curve = ended.result.curve;
  CHECK(curve.size() < fine.result.curve.size());
  CHECK(ended.result.best + 1 == curve.size());  // it still fell, but by less
  CHECK(curve[curve.size() - 1].held_out_loss > .8 * curve[curve.size() - 3].held_out_loss);
}

TEST_CASE("supervised training evaluates every so many steps, across epochs, and at the end") {
  BiasTask task(10);
  SupervisedRun run(task, {.epochs = 3, .batch = 4, .evaluate_every = 4, .seed = 5}, .05);
  std::vector<double> epochs;
  for (const SupervisedPoint& point : run.result.curve) epochs.push_back(point.epoch);
  CHECK(epochs == std::vector<double>{0, 1 + 1.0 / 3, 2 + 2.0 / 3, 3});
}

TEST_CASE("supervised training has the same bits in every run and other bits with another seed") {
  const SupervisedConfig config{.epochs = 3, .batch = 4, .evaluations_per_epoch = 1, .seed = 5};
  SupervisedConfig other = config;
  other.seed = 6;
  BiasTask first(10), second(10), third(10);
  const SupervisedRun a(first, config, .05), b(second, config, .05), c(third, other, .05);
  CHECK(a.parameters.parameters_sha256() == b.parameters.parameters_sha256());
  CHECK(a.parameters.parameters_sha256() != c.parameters.parameters_sha256());
}

TEST_CASE(
    "without anything held out supervised training keeps its last weights, and patience does not end it") {
  BiasTask task(10), measured(10);
  task.nothing_held_out = true;
  const SupervisedConfig config{
      .epochs = 3, .batch = 4, .evaluations_per_epoch = 1, .patience = 1, .seed = 5};
  const SupervisedRun run(task, config, .05);
  CHECK(run.result.best == 3);
  CHECK_FALSE(run.result.plateau);
  CHECK(std::isnan(run.result.curve.back().held_out_loss));
  SupervisedConfig patient = config;
  patient.patience = 0;
  CHECK(run.bias() == SupervisedRun(measured, patient, .05).bias());  // whose loss falls to the end
}

TEST_CASE("supervised training on nothing is refused") {
  BiasTask task(0);
  CHECK_THROWS_WITH(SupervisedRun(task, {}, .1), "bias: there is nothing to train on");
}
