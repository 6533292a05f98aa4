#include "core/model/layout_head.hpp"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sum.h>

#include "core/base/error.hpp"
#include "core/model/layout_scorer.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Targets over the rows of shared_batch: two prompts with 7 and 11 candidates, random allowed sets, some
/// forced.
TargetRows random_targets(const ModelConfig& config, std::int64_t rows, std::uint64_t seed) {
  CounterRandom random(seed, RandomStream::pairs);
  TargetRows t;
  const std::int32_t candidates[2] = {7, 11};
  for (const std::int32_t count : candidates) {
    for (std::int32_t j = 0; j < count; ++j)
      t.candidate_row.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rows))));
    t.candidate_offsets.push_back(static_cast<std::int32_t>(t.candidate_row.size()));
  }
  for (int r = 0; r < 23; ++r) {
    t.row.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rows))));
    t.prompt.push_back(r < 12 ? 0 : 1);
    const auto limit = static_cast<std::int32_t>(config.structure_size) + candidates[r < 12 ? 0 : 1];
    std::vector<std::int32_t> set;
    for (std::int32_t index = 0; index < limit; ++index)
      if (random.below(3) > 0) set.push_back(index);
    if (r % 6 == 0 || set.empty()) set = {limit - 1};
    t.target.push_back(set[random.below(set.size())]);
    t.allowed.insert(t.allowed.end(), set.begin(), set.end());
    t.allowed_offsets.push_back(static_cast<std::int32_t>(t.allowed.size()));
  }
  return t;
}

/// One row at a time in plain operators: log-probs and entropies, stacked [2, R].
at::Tensor reference_log_probs(const WeightsView& w, const at::Tensor& hidden, const TargetRows& t,
                               double temperature) {
  const ModelConfig& c = w.config();
  const at::Tensor& head = w.at(c.tied ? "model.embed_tokens.weight" : "lm_head.weight");
  std::vector<at::Tensor> log_probs, entropies;
  for (std::size_t r = 0; r < t.row.size(); ++r) {
    const at::Tensor h = hidden[t.row[r]];
    std::vector<at::Tensor> logits;
    std::int64_t place = -1;
    for (auto i = t.allowed_offsets[r]; i < t.allowed_offsets[r + 1]; ++i) {
      const std::int64_t index = t.allowed[static_cast<std::size_t>(i)];
      if (index == t.target[r]) place = i - t.allowed_offsets[r];
      at::Tensor logit = at::sum(head[c.layout_begin + index] * h);
      if (c.layout_head == LayoutHeadKind::pointer && index >= c.structure_size) {
        const std::int64_t begin = t.candidate_offsets[static_cast<std::size_t>(t.prompt[r])];
        const at::Tensor candidate =
            hidden[t.candidate_row[static_cast<std::size_t>(begin + index - c.structure_size)]];
        logit = logit + at::sum(at::matmul(w.at("pointer_head.q.weight"), h) *
                                at::matmul(w.at("pointer_head.k.weight"), candidate)) /
                            std::sqrt(double(c.dim));
      }
      logits.push_back(logit / temperature);
    }
    const at::Tensor log_p = at::log_softmax(at::stack(logits), 0);
    log_probs.push_back(log_p[place]);
    entropies.push_back(-at::sum(log_p.exp() * log_p));
  }
  return at::stack({at::stack(log_probs), at::stack(entropies)});
}

std::vector<ModelConfig> head_configs() {
  ModelConfig pointer = small_config(), tokens = small_config();
  tokens.layout_head = LayoutHeadKind::tokens;
  tokens.tied = true;
  return {pointer, tokens};
}

}  // namespace

TEST_CASE("log-probs, entropies and their gradients equal those of plain ATen operators") {
  for (const ModelConfig& config : head_configs())
    for (const double temperature : {1.0, 0.7}) {
      const WeightsView weights = random_weights(config, at::kDouble, 21, true);
      const Batch batch = shared_batch(37, 22);
      const TargetRows targets = random_targets(config, batch.rows(), 23);
      CounterRandom random(24, RandomStream::init);
      const at::Tensor probe = normal_tensor({2, 23}, at::kDouble, random);
      const at::Tensor hidden = hidden_states(weights, batch);
      const LayoutLogProbs got = layout_log_probs(weights, hidden, targets, temperature);
      const at::Tensor ours = at::stack({got.log_prob, got.entropy});
      const at::Tensor theirs =
          reference_log_probs(weights, reference_hidden(weights, batch), targets, temperature);
      CHECK(max_difference(ours, theirs) < 1e-11);
      const auto grads = gradients(weights, at::sum(ours * probe)),
                 expected = gradients(weights, at::sum(theirs * probe));
      for (std::size_t i = 0; i < grads.size(); ++i)
        CHECK(max_difference(grads[i], expected[i]) < 1e-10 * (1 + expected[i].abs().max().item<double>()));
    }
}

TEST_CASE("a forced token has log-prob and entropy exactly 0, and no gradient") {
  const WeightsView weights = random_weights(small_config(), at::kFloat, 25, true);
  const Batch batch = shared_batch(37, 26);
  TargetRows targets = random_targets(weights.config(), batch.rows(), 27);
  targets.row = {3}, targets.prompt = {1}, targets.target = {9}, targets.allowed = {9},
  targets.allowed_offsets = {0, 1};
  const LayoutLogProbs got = layout_log_probs(weights, hidden_states(weights, batch), targets);
  CHECK(got.log_prob.item<float>() == 0.0f);
  CHECK(got.entropy.item<float>() == 0.0f);
  for (const at::Tensor& grad : gradients(weights, got.log_prob.sum() + got.entropy.sum()))
    CHECK(grad.abs().max().item<float>() == 0.0f);
}

TEST_CASE("the scorer of the generator gives the bits of the differentiable head") {
  for (const ModelConfig& config : head_configs()) {
    const WeightsView weights = random_weights(config, at::kFloat, 28, false);
    const Batch batch = shared_batch(37, 29);
    const TargetRows targets = random_targets(config, batch.rows(), 30);
    const at::Tensor hidden = hidden_states(weights, batch), logits = layout_logits(weights, hidden, targets);
    std::vector<at::Tensor> candidates;
    for (std::size_t p = 0; p < 2; ++p) {
      std::vector<at::Tensor> rows;
      for (auto i = targets.candidate_offsets[p]; i < targets.candidate_offsets[p + 1]; ++i)
        rows.push_back(hidden[targets.candidate_row[static_cast<std::size_t>(i)]]);
      candidates.push_back(at::stack(rows));
    }
    LayoutScorer<float> scorer(weights, candidates, logits.size(1));
    for (std::size_t r = 0; r < targets.row.size(); ++r) {  // one row at a time against all at once
      at::Tensor one = logits.new_empty({logits.size(1)});
      const at::Tensor row = hidden[targets.row[r]].contiguous();
      scorer.score(std::span(targets.prompt).subspan(r, 1), row.const_data_ptr<float>(),
                   one.mutable_data_ptr<float>());
      CHECK(same_bits(one, logits[static_cast<std::int64_t>(r)]));
    }
  }
}

TEST_CASE("a scalar head is a linear layer on the chosen rows") {
  const WeightsView weights = random_weights(small_config(), at::kDouble, 31, true);
  const Batch batch = shared_batch(37, 32);
  const at::Tensor hidden = hidden_states(weights, batch);
  const std::vector<std::int64_t> rows{4, 0, 4, 20};
  const at::Tensor values = scalar_head(weights, "value", hidden, rows);
  std::vector<at::Tensor> expected;
  for (const std::int64_t row : rows)
    expected.push_back(at::sum(weights.at("value_head.weight")[0] * hidden[row]) +
                       weights.at("value_head.bias")[0]);
  CHECK(max_difference(values, at::stack(expected)) < 1e-12);
  const auto grads = gradients(weights, at::sum(values * values));
  const auto same = gradients(weights, at::sum(at::stack(expected) * at::stack(expected)));
  for (std::size_t i = 0; i < grads.size(); ++i) CHECK(max_difference(grads[i], same[i]) < 1e-9);
}

TEST_CASE("heads refuse what they cannot score") {
  const WeightsView weights = random_weights(small_config(), at::kFloat, 33, false);
  const Batch batch = shared_batch(37, 34);
  const at::Tensor hidden = hidden_states(weights, batch);
  TargetRows targets = random_targets(weights.config(), batch.rows(), 35);
  SECTION("a target that is not allowed") {
    targets.target[0] = 0;
    REQUIRE_THROWS_WITH(layout_log_probs(weights, hidden, targets),
                        "layout log-probs: token 0 of row 0 is not among the 1 allowed");
  }
  SECTION("an unknown head") {
    const std::vector<std::int64_t> rows{0};
    REQUIRE_THROWS_WITH(scalar_head(weights, "click", hidden, rows),
                        "the model has no parameter 'click_head.weight'");
  }
}

}  // namespace pagewright::model_test
