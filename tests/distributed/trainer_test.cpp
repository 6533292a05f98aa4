#include "distributed/trainer.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tanh.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/schedule.hpp"
#include "distributed/local_communicator.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

ModelConfig trainer_model() {
  ModelConfig config;
  config.vocab_size = 40;
  config.dim = 16;
  config.layers = 1;
  config.heads = config.kv_heads = 2;
  config.ffn_dim = 24;
  config.layout_begin = 20;
  config.structure_size = 4;
  config.value_head = true;
  return config;
}

at::Tensor random_rows(std::uint64_t key, std::int64_t rows, std::int64_t columns, at::ScalarType dtype) {
  CounterRandom random(7, RandomStream::world, key);
  std::vector<double> values(static_cast<std::size_t>(rows * columns));
  for (double& value : values) value = random.normal();
  return at::tensor(values, at::kDouble).view({rows, columns}).to(dtype);
}

/// A small network over some of the model's matrices, on data of the lane.
LossFunction network_loss(at::ScalarType dtype) {
  return [dtype](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
    const auto key = static_cast<std::uint64_t>(lane * 8 + micro_batch);
    const at::Tensor input = random_rows(key, 6, 16, dtype);
    const at::Tensor hidden =
        at::tanh(at::mm(input, weights.at("model.layers.0.mlp.gate_proj.weight").t())) * 0.5;
    const at::Tensor output = at::mm(hidden, weights.at("model.layers.0.mlp.down_proj.weight").t()) - input;
    const at::Tensor errors = (output * output).reshape({-1});
    sums["rows"] += 6;
    return weighted_sum(errors, std::vector<double>(static_cast<std::size_t>(errors.numel()), 1.0 / 96));
  };
}

std::string trained_hash(int threads, int lanes) {
  FlatParameters parameters(trainer_model());
  parameters.initialise(3);
  LocalCommunicator learners;
  const auto pool = make_lane_pool(threads);
  Trainer trainer(learners, parameters, {.learning_rate = 1e-2}, *pool, lanes, 10);
  for (int step = 0; step < 10; ++step) trainer.step(network_loss(at::kFloat), 2);
  return parameters.parameters_sha256();
}

/// Plain AdamW with clipping on one vector.
struct ReferenceAdamw {
  OptimizerConfig config;
  std::vector<double> values, first, second;
  std::vector<bool> decayed;
  std::int64_t step = 0, total = 1;

  double update(std::vector<double> gradient) {
    double norm = 0;
    for (double g : gradient) norm += g * g;
    norm = std::sqrt(norm);
    if (norm > config.max_grad_norm)
      for (double& g : gradient) g *= config.max_grad_norm / norm;
    const double rate =
        LearningRateSchedule{config.learning_rate, config.warmup_steps, total, config.final_fraction}.at(
            step++);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (decayed[i]) values[i] -= rate * config.weight_decay * values[i];
      first[i] = config.beta1 * first[i] + (1 - config.beta1) * gradient[i];
      second[i] = config.beta2 * second[i] + (1 - config.beta2) * gradient[i] * gradient[i];
      const double m = first[i] / (1 - std::pow(config.beta1, static_cast<double>(step)));
      const double v = second[i] / (1 - std::pow(config.beta2, static_cast<double>(step)));
      values[i] -= rate * m / (std::sqrt(v) + config.eps);
    }
    return norm;
  }
};

std::vector<double> flat_values(const at::Tensor& flat) {
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

}  // namespace

TEST_CASE("the flat layout aligns tensors, separates decay and keeps every element once") {
  const FlatParameters parameters(trainer_model());
  std::int64_t end = 0, total = 0;
  bool decayed = true;
  std::string previous;
  for (const FlatSlot& slot : parameters.slots()) {
    CHECK(slot.offset % 16 == 0);
    CHECK(slot.offset >= end);
    if (decayed && !slot.spec.weight_decay) {
      decayed = false;
      previous.clear();
      CHECK(slot.offset == parameters.decay_end());
    }
    CHECK(slot.spec.weight_decay == decayed);
    CHECK(slot.spec.name > previous);
    previous = slot.spec.name;
    end = slot.offset + slot.numel;
    total += slot.numel;
  }
  CHECK(parameters.decay_end() % 128 == 0);
  CHECK(parameters.numel() % 128 == 0);
  CHECK(total == parameter_count(parameters.config()));
}

TEST_CASE("parameters start the same from a seed, and load by name into the same hash") {
  FlatParameters parameters(trainer_model()), other(trainer_model());
  parameters.initialise(3);
  other.initialise(4);
  CHECK(parameters.parameters_sha256() != other.parameters_sha256());
  other.load(parameters.view().tensors());
  CHECK(parameters.parameters_sha256() == other.parameters_sha256());
  CHECK(parameters.view().at("model.norm.weight")[0].item<float>() == 1);

  // A model with another head shares all but the heads.
  ModelConfig headless = trainer_model();
  headless.value_head = false;
  FlatParameters third(headless);
  third.initialise(5);
  CHECK(third.load_shared(parameters.view()) == std::ssize(third.slots()));
  for (const auto& name : {"model.norm.weight", "model.embed_tokens.weight"})
    CHECK(third.view().at(name).equal(parameters.view().at(name)));

  WeightsView::Tensors wrong = parameters.view().tensors();
  wrong.erase("model.norm.weight");
  wrong["value_head.bias"] = at::tensor({1.0f, 2.0f});
  wrong["unknown"] = at::tensor({1.0f});
  CHECK_THROWS_WITH(
      other.load(wrong),
      "the weights do not fit the model:\n  model.norm.weight is missing\n  value_head.bias has shape [2], "
      "not [1]\n  unknown is not a parameter of this model");
}

TEST_CASE("the trainer takes AdamW steps with warm-up, cosine, clipping and decay of matrices alone") {
  FlatParameters parameters(trainer_model(), at::kDouble);
  parameters.initialise(3);
  LocalCommunicator learners;
  const auto pool = make_lane_pool(2);
  const OptimizerConfig config{
      .learning_rate = 1e-2, .weight_decay = .1, .max_grad_norm = 2, .warmup_steps = 1};
  Trainer trainer(learners, parameters, config, *pool, 4, 5);

  ReferenceAdamw reference{config, flat_values(parameters.values()), {}, {}, {}, 0, 5};
  const std::size_t size = reference.values.size();
  reference.first.assign(size, 0);
  reference.second.assign(size, 0);
  for (std::size_t i = 0; i < size; ++i)
    reference.decayed.push_back(static_cast<std::int64_t>(i) < parameters.decay_end());

  // Lane l pulls the final norm and the value bias towards l: the gradient is the sum over lanes of p - l.
  const LossFunction loss = [](const WeightsView& weights, int lane, int, LaneSums& sums) {
    sums["lanes"] += 1;
    const at::Tensor norm = weights.at("model.norm.weight") - lane,
                     value = weights.at("value_head.weight")[0] - lane;
    return 0.5 * (weighted_sum(norm * norm, std::vector<double>(16, 1.0)) +
                  weighted_sum(value * value, std::vector<double>(16, 1.0)));
  };
  for (int step = 0; step < 5; ++step) {
    std::vector<double> gradient(size, 0);
    for (const FlatSlot& slot : parameters.slots()) {
      if (slot.spec.name != "model.norm.weight" && slot.spec.name != "value_head.weight") continue;
      for (std::int64_t i = slot.offset; i < slot.offset + slot.numel; ++i) {
        const auto at = static_cast<std::size_t>(i);
        gradient[at] = 4 * reference.values[at] - 6;
      }
    }
    const double norm = reference.update(gradient);
    const StepReport report = trainer.step(loss, 1);
    CHECK(report.grad_norm == Approx(norm).epsilon(1e-12));
    CHECK(report.sums.at("lanes") == 4);
  }
  const std::vector<double> values = flat_values(parameters.values());
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i) worst = std::max(worst, std::abs(values[i] - reference.values[i]));
  CHECK(worst < 1e-12);
  CHECK(parameters.step() == 5);
  CHECK(parameters.version() == 5);
}

TEST_CASE("training gives the same bits with one thread, two or three") {
  const std::string one = trained_hash(1, 8);
  CHECK(trained_hash(2, 8) == one);
  CHECK(trained_hash(3, 8) == one);
  CHECK(trained_hash(2, 4) != one);
}

TEST_CASE("a gradient that is not finite skips the step and leaves everything as it was") {
  FlatParameters parameters(trainer_model());
  parameters.initialise(3);
  LocalCommunicator learners;
  const auto pool = make_lane_pool(2);
  Trainer trainer(learners, parameters, {}, *pool, 2, 10);
  const std::string before = parameters.parameters_sha256();
  const StepReport report = trainer.step(
      [](const WeightsView& weights, int lane, int, LaneSums&) {
        const double factor = lane == 1 ? std::numeric_limits<double>::infinity() : 1.0;
        return weighted_sum(weights.at("model.norm.weight"), std::vector<double>(16, factor));
      },
      1);
  CHECK(report.skipped);
  CHECK(parameters.parameters_sha256() == before);
  CHECK(parameters.step() == 0);
  CHECK(parameters.version() == 0);
}

TEST_CASE("a lane without samples changes nothing") {
  const auto run = [](bool with_idle_lanes) {
    FlatParameters parameters(trainer_model());
    parameters.initialise(3);
    LocalCommunicator learners;
    const auto pool = make_lane_pool(1);
    Trainer trainer(learners, parameters, {}, *pool, with_idle_lanes ? 4 : 1, 10);
    const LossFunction loss = network_loss(at::kFloat);
    trainer.step(
        [&](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
          return lane == 0 ? loss(weights, lane, micro_batch, sums) : at::Tensor();
        },
        1);
    return parameters.parameters_sha256();
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("an error in a lane comes out of the step") {
  FlatParameters parameters(trainer_model());
  LocalCommunicator learners;
  const auto pool = make_lane_pool(2);
  Trainer trainer(learners, parameters, {}, *pool, 4, 10);
  CHECK_THROWS_WITH(
      trainer.step([](const WeightsView& weights, int, int, LaneSums&) { return weights.at("absent"); }, 1),
      "the model has no parameter 'absent'");
}
