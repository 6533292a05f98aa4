// ATen's operators, which run the model on devices, against own kernels: here on CPU tensors.
#include <ATen/ops/ones.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/model/allowed_softmax.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/device_operators_support.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

ModelOutcome by_operators(const WeightsView& weights, std::uint64_t seed) {
  const OperatorsEverywhere everywhere;
  return model_outcome(weights, seed);
}

}  // namespace

TEST_CASE("operators give what own kernels give, and the same gradients") {
  for (const ModelConfig& config : device_families())
    for (const std::uint64_t seed : {1, 2}) {
      const WeightsView twice = random_weights(config, at::kDouble, seed, true),
                        single = random_weights(config, at::kFloat, seed, true);
      std::string what;
      const double difference =
          largest_difference(by_operators(twice, seed), model_outcome(twice, seed), what);
      INFO(what);
      CHECK(difference < 1e-10);
      const double rounded =
          largest_difference(by_operators(single, seed), model_outcome(single, seed), what);
      INFO(what);
      CHECK(rounded < 2e-5);
    }
}

TEST_CASE("an entry that alone is allowed has a log-prob of exactly 0 with operators too") {
  const OperatorsEverywhere everywhere;
  CounterRandom random(1, RandomStream::init);
  const at::Tensor logits = normal_tensor({3, 6}, at::kFloat, random);
  TargetRows targets;
  targets.row = {0, 1, 2};
  targets.target = {4, 0, 3};
  targets.allowed = {4, 0, 1, 2, 3, 4, 5, 3};
  targets.allowed_offsets = {0, 1, 7, 8};
  const LayoutLogProbs result = allowed_log_softmax(logits, targets, 0.7);
  for (const int row : {0, 2}) {
    CHECK(result.log_prob[row].item<float>() == 0);
    CHECK(result.entropy[row].item<float>() == 0);
  }
  targets.target[2] = 2;
  CHECK_THROWS_AS(allowed_log_softmax(logits, targets, 0.7), Error);
}

TEST_CASE("no request sees another with operators") {
  const OperatorsEverywhere everywhere;
  const WeightsView weights = random_weights(small_config(), at::kDouble, 3, false);
  Batch batch = shared_batch(37, 4);
  const at::Tensor before = hidden_states(weights, batch);
  // Other tokens in the second request.
  CounterRandom random(5, RandomStream::init);
  std::int64_t unchanged = 0;
  bool second = false;
  for (std::size_t s = 0; s < batch.segments.size(); ++s) {
    Segment& segment = batch.segments[s];
    second = second || (s > 0 && segment.parent < 0);
    if (!second) unchanged += segment.tokens.size();
    if (second) segment.tokens = random_bags(segment.tokens.size(), 37, random);
  }
  const at::Tensor after = hidden_states(weights, batch);
  CHECK(max_difference(before.narrow(0, 0, unchanged), after.narrow(0, 0, unchanged)) < 1e-14);
  CHECK(max_difference(before.slice(0, unchanged), after.slice(0, unchanged)) > 1e-3);
}

TEST_CASE("decoding over cached keys gives the full forward, whatever is decoded beside") {
  for (const ModelConfig& config : device_families())
    for (const std::uint64_t seed : {1, 2}) {
      const Batch batch = shared_batch(37, seed);
      const WeightsView weights = random_weights(config, at::kDouble, seed, false);
      const at::Tensor expected = hidden_states(weights, batch);
      const OperatorsEverywhere everywhere;
      for (const std::size_t at_once : {1, 2, 5})
        CHECK(max_difference(device_decoded_hidden(weights, batch, seed, at_once), expected) < 1e-10);
    }
}

TEST_CASE("operators compute norms and softmax of bfloat16 in float, and round once") {
  const OperatorsEverywhere everywhere;
  CounterRandom random(9, RandomStream::init);
  const at::Tensor narrow = normal_tensor({6, 96}, at::kDouble, random).to(at::kBFloat16),
                   ones = at::ones({96}, at::kBFloat16);
  const at::Tensor norm = rms_norm_rows(narrow, ones, 1e-5),
                   wide = rms_norm_rows(narrow.to(at::kFloat), ones.to(at::kFloat), 1e-5);
  CHECK(norm.scalar_type() == at::kBFloat16);
  CHECK(same_bits(norm, wide.to(at::kBFloat16)));
  TargetRows targets;
  for (std::int32_t row = 0; row < 6; ++row) {
    targets.row.push_back(row);
    targets.target.push_back(row * 7);
    for (std::int32_t column = row; column < 96; column += 1 + row % 2) targets.allowed.push_back(column);
    targets.allowed_offsets.push_back(static_cast<std::int32_t>(targets.allowed.size()));
  }
  const LayoutLogProbs of_narrow = allowed_log_softmax(narrow, targets, 0.7),
                       of_wide = allowed_log_softmax(narrow.to(at::kFloat), targets, 0.7);
  CHECK(of_narrow.log_prob.scalar_type() == at::kFloat);
  CHECK(same_bits(of_narrow.log_prob, of_wide.log_prob));
  CHECK(same_bits(of_narrow.entropy, of_wide.entropy));
}

TEST_CASE("heads of a bfloat16 model are in float") {
  const OperatorsEverywhere everywhere;
  for (const ModelConfig& config : device_families()) {
    const WeightsView weights = random_weights(config, at::kBFloat16, 6, false, 0.1);
    const at::Tensor hidden = hidden_states(weights, shared_batch(37, 8));
    const std::vector<std::int64_t> rows{0, 3};
    CHECK(scalar_head(weights, "value", hidden, rows).scalar_type() == at::kFloat);
    CHECK(lm_logits(weights, hidden.narrow(0, 0, 2)).scalar_type() == at::kFloat);
  }
}

TEST_CASE("operators run bfloat16 weights near the float model of the same numbers") {
  const OperatorsEverywhere everywhere;
  for (const ModelConfig& config : device_families()) {
    const WeightsView narrow = random_weights(config, at::kBFloat16, 6, true, 0.1),
                      same = weights_on(narrow, c10::kCPU, at::kFloat);
    const ModelOutcome ours = model_outcome(narrow, 7), theirs = model_outcome(same, 7);
    for (std::size_t i = 0; i < 4; ++i) {
      INFO(ours.names[i]);
      CHECK(max_difference(ours.values[i], theirs.values[i]) < 0.1);
    }
    const Batch batch = shared_batch(37, 8);
    CHECK(max_difference(device_decoded_hidden(narrow, batch, 8, 5), hidden_states(narrow, batch)) < 0.1);
  }
}

}  // namespace pagewright::model_test
