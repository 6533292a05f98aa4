#include "core/rl/policy_loss.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "core/model/layout_head.hpp"
#include "core/rl/aggregation.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

at::Tensor row_tensor(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

std::vector<double> row_values(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().to(at::kDouble).contiguous();
  return {dense.const_data_ptr<double>(), dense.const_data_ptr<double>() + dense.numel()};
}

void check_tensor_close(const at::Tensor& actual, const std::vector<double>& expected, double margin = 1e-6) {
  REQUIRE(actual.numel() == static_cast<std::int64_t>(expected.size()));
  const std::vector<double> values = row_values(actual);
  for (std::size_t i = 0; i < values.size(); ++i) CHECK(values[i] == Approx(expected[i]).margin(margin));
}

/// The batch of the PPO examples without its masked token: 4 tokens, then 3.
struct PpoExample {
  at::Tensor old_log_probs = row_tensor({-1, -1, -3, -.5, -2, -.7, -1.2});
  at::Tensor log_probs = row_tensor({-1.6931472, -1, -.6974149, -.4, -1.5, -.9, -1.1});
  at::Tensor advantages = row_tensor({1, -1, -4, .5, .7, -.3, 2});
  std::vector<std::int64_t> lengths{4, 3};
  GlobalCounts counts{7, 2, 4};

  double loss(LossAggregation mode, double dual) const {
    const PolicyLossTerms terms = policy_loss_terms(log_probs, old_log_probs, advantages, {.2, .2, dual});
    return weighted_sum(terms.loss, token_weights(mode, lengths, counts)).item<double>();
  }
};

std::vector<float> as_floats(const at::Tensor& tensor) {
  const auto values = row_values(tensor);
  return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("ratio and clipped loss per token") {
  const PpoExample example;
  const auto terms = policy_loss_terms(example.log_probs, example.old_log_probs, example.advantages, {});
  check_tensor_close(terms.ratio, {.5, 1, 10, 1.105171, 1.648721, .818731, 1.105171}, 2e-6);
  check_tensor_close(terms.loss, {-.5, 1, 40, -.552585, -.84, .245619, -2.210342}, 4e-6);
}

TEST_CASE("the four aggregations with and without dual clip") {
  const PpoExample example;
  CHECK(example.loss(LossAggregation::token_mean, 0) == Approx(5.306099).margin(1e-6));
  CHECK(example.loss(LossAggregation::token_mean, 3) == Approx(1.306099).margin(1e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_sum, 0) == Approx(18.571346).margin(2e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_sum, 3) == Approx(4.571346).margin(2e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_mean, 0) == Approx(4.525973).margin(1e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_mean, 3) == Approx(1.025973).margin(1e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_sum_norm, 0) == Approx(4.642837).margin(1e-6));
  CHECK(example.loss(LossAggregation::seq_mean_token_sum_norm, 3) == Approx(1.142836).margin(1e-6));
}

TEST_CASE("lanes that divide by global counts add up to the batch, local means do not") {
  const PpoExample example;
  const auto terms = policy_loss_terms(example.log_probs, example.old_log_probs, example.advantages, {}).loss;
  for (const auto mode : {LossAggregation::token_mean, LossAggregation::seq_mean_token_mean}) {
    const std::vector<std::int64_t> first{4}, second{3};
    const double sum =
        weighted_sum(terms.slice(0, 0, 4), token_weights(mode, first, example.counts)).item<double>() +
        weighted_sum(terms.slice(0, 4, 7), token_weights(mode, second, example.counts)).item<double>();
    CHECK(sum == Approx(example.loss(mode, 0)).epsilon(1e-12));
  }
  const double local = (example.loss(LossAggregation::seq_mean_token_mean, 0));
  CHECK(local != Approx(example.loss(LossAggregation::token_mean, 0)));
}

TEST_CASE("what an update did is counted") {
  const PpoExample example;
  const auto statistics = update_statistics(as_floats(example.log_probs), as_floats(example.old_log_probs),
                                            as_floats(example.advantages), {});
  CHECK(statistics.clipped / statistics.tokens == Approx(.142857).margin(1e-6));
  CHECK(statistics.old_minus_new / statistics.tokens == Approx(-.301348).margin(1e-6));
  CHECK(statistics.ratio_deviation == Approx(9).margin(1e-5));
  const auto ratios =
      sequence_ratios(row_values(example.log_probs), row_values(example.old_log_probs), example.lengths);
  CHECK(ratios[0] == Approx(1.533204).margin(1e-6));
  CHECK(ratios[1] == Approx(1.142631).margin(1e-6));
}

TEST_CASE("dual clip of published examples") {
  const auto from_ratio = policy_loss_terms(row_tensor({std::log(2.0), std::log(2.0), std::log(.5)}),
                                            row_tensor({0, 0, 0}), row_tensor({2, -2, 2}), {.2, .2, 1.5});
  check_tensor_close(from_ratio.loss, {-2.4, 3.0, -1.0});
  const auto second = policy_loss_terms(row_tensor({-1.69315, -1, -.69741}), row_tensor({-1, -1, -3}),
                                        row_tensor({1, -1, -4}), {.2, .2, 3});
  check_tensor_close(second.loss, {-.5, 1, 12}, 1e-4);
}

TEST_CASE("clip-higher leaves more room above than below") {
  const auto terms = policy_loss_terms(row_tensor({std::log(1.25), std::log(.75)}), row_tensor({0, 0}),
                                       row_tensor({1, -1}), {.2, .28, 0});
  check_tensor_close(terms.loss, {-1.25, .8});
}

TEST_CASE("the surrogate's gradient is ratio times advantage, and none where clipped") {
  at::Tensor log_probs = row_tensor({std::log(1.1), std::log(1.5)}).requires_grad_(true);
  const auto terms = policy_loss_terms(log_probs, row_tensor({0, 0}), row_tensor({2, 3}), {});
  weighted_sum(terms.loss, std::vector<double>{1, 1}).backward();
  check_tensor_close(log_probs.grad(), {-2.2, 0});
}

TEST_CASE("value loss with clipping") {
  const std::vector<double> fresh{.5, .1, .35, .9, .4, -.1, .6}, old{.1, .2, .3, .4, .5, -.2, .1},
      returns{.78, .82, .86, 1, .64, .475, .5};
  const at::Tensor terms = value_loss_terms(row_tensor(fresh), row_tensor(old), row_tensor(returns), .2);
  CHECK(weighted_sum(terms, std::vector<double>(7, 1.0 / 7)).item<double>() == Approx(.114080).margin(1e-6));
  const auto floats = [](const std::vector<double>& values) {
    return std::vector<float>(values.begin(), values.end());
  };
  CHECK(clipped_values(floats(fresh), floats(old), floats(returns), .2) / 7 == Approx(.428571).margin(1e-6));
  CHECK(value_loss_terms(row_tensor({3}), row_tensor({0}), row_tensor({1}), 0).item<double>() == Approx(2));
}

TEST_CASE("a weighted sum leaves masked terms out even if they are not numbers") {
  at::Tensor terms = row_tensor({1, std::nan(""), 3}).requires_grad_(true);
  const at::Tensor sum = weighted_sum(terms, std::vector<double>{.5, 0, 2});
  CHECK(sum.item<double>() == 6.5);
  sum.backward();
  check_tensor_close(terms.grad(), {.5, 0, 2}, 0);
  at::Tensor single = row_tensor({1, 2}).to(at::kFloat).requires_grad_(true);
  weighted_sum(single, std::vector<double>{.25, 4}).backward();
  CHECK(single.grad().scalar_type() == at::kFloat);
  check_tensor_close(single.grad(), {.25, 4}, 0);
}

TEST_CASE("log-probs and entropy of published logits, from the layout head") {
  ModelConfig config;
  config.vocab_size = 4;
  config.dim = 4;
  config.layers = 1;
  config.heads = config.kv_heads = 1;
  config.ffn_dim = 4;
  config.layout_head = LayoutHeadKind::tokens;
  config.structure_size = 4;
  auto tensors = std::make_shared<WeightsView::Tensors>();
  tensors->emplace("lm_head.weight",
                   row_tensor({2, 0, 0, 0, 1, 0, 0, 0, .1, 0, 0, 0, -1, 0, 0, 0}).view({4, 4}));
  const WeightsView weights(std::make_shared<const ModelConfig>(config), std::move(tensors), 0);
  TargetRows targets;
  for (std::int32_t token = 0; token < 4; ++token) {
    targets.row.push_back(0);
    targets.target.push_back(token);
    targets.prompt.push_back(0);
    targets.allowed.insert(targets.allowed.end(), {0, 1, 2, 3});
    targets.allowed_offsets.push_back(4 * (token + 1));
  }
  targets.candidate_offsets.push_back(0);
  const LayoutLogProbs scored = layout_log_probs(weights, row_tensor({1, 0, 0, 0}).view({1, 4}), targets);
  check_tensor_close(scored.log_prob, {-.449313, -1.449313, -2.349313, -3.449313});
  check_tensor_close(scored.entropy, {.960673, .960673, .960673, .960673});
}
