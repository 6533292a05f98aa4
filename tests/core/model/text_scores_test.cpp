#include "core/model/text_scores.hpp"

#include <cmath>
#include <numeric>

#include <ATen/ops/amax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/model/layout_head.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/core/model/tensor_bytes_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Two chunks of base vocabulary and a part of one, then 20 layout tokens, 6 of them structure.
ModelConfig text_config(LayoutHeadKind head, bool tied) {
  ModelConfig config = small_config();
  config.layout_begin = 2 * kTextChunk + 77;
  config.vocab_size = config.layout_begin + 20, config.structure_size = 6;
  config.layout_head = head, config.tied = tied;
  return config;
}

/// Two prompts with 5 and 9 candidates, targets among all layout tokens, nothing said about what is allowed.
TargetRows free_targets(std::int64_t rows, std::uint64_t seed) {
  CounterRandom random(seed, RandomStream::pairs);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  TargetRows t;
  for (const std::int64_t count : {5, 9}) {
    for (std::int64_t j = 0; j < count; ++j) t.candidate_row.push_back(below(rows));
    t.candidate_offsets.push_back(static_cast<std::int32_t>(t.candidate_row.size()));
  }
  for (int r = 0; r < 30; ++r) {
    t.row.push_back(below(rows));
    t.prompt.push_back(r < 14 ? 0 : 1);
    t.target.push_back(static_cast<std::int32_t>(below(20)));
  }
  return t;
}

/// log_softmax over [base, layout] in plain operators, all logits in memory.
at::Tensor plain_log_probs(const WeightsView& w, const at::Tensor& hidden, const TargetRows& t) {
  const ModelConfig& c = w.config();
  const at::Tensor& head = w.at(c.tied ? "model.embed_tokens.weight" : "lm_head.weight");
  std::vector<at::Tensor> log_probs;
  for (std::size_t r = 0; r < t.row.size(); ++r) {
    const at::Tensor h = hidden[t.row[r]];
    at::Tensor logits = at::matmul(head, h);
    if (c.layout_head == LayoutHeadKind::pointer) {
      const auto p = static_cast<std::size_t>(t.prompt[r]);
      const at::Tensor query = at::matmul(w.at("pointer_head.q.weight"), h);
      std::vector<at::Tensor> added{at::zeros({c.layout_begin + c.structure_size}, h.options())};
      for (auto j = t.candidate_offsets[p]; j < t.candidate_offsets[p + 1]; ++j)
        added.push_back((at::sum(query * at::matmul(w.at("pointer_head.k.weight"),
                                                    hidden[t.candidate_row[static_cast<std::size_t>(j)]])) /
                         std::sqrt(double(c.dim)))
                            .unsqueeze(0));
      const std::int64_t rest =
          c.layout_size() - c.structure_size - (t.candidate_offsets[p + 1] - t.candidate_offsets[p]);
      added.push_back(at::zeros({rest}, h.options()));
      logits = logits + at::cat(added);
    }
    log_probs.push_back(at::log_softmax(logits, 0)[c.layout_begin + t.target[r]]);
  }
  return at::stack(log_probs);
}

at::Tensor free_hidden(std::int64_t rows, const ModelConfig& config, at::ScalarType dtype,
                       std::uint64_t seed) {
  CounterRandom random(seed, RandomStream::init);
  return normal_tensor({rows, config.dim}, dtype, random).set_requires_grad(true);
}

}  // namespace

TEST_CASE(
    "log-probs over the whole vocabulary and their gradients are those of one softmax over all logits") {
  for (const bool tied : {false, true})
    for (const LayoutHeadKind head : {LayoutHeadKind::tokens, LayoutHeadKind::pointer}) {
      const WeightsView weights = random_weights(text_config(head, tied), at::kDouble, 1, true);
      const at::Tensor hidden = free_hidden(40, weights.config(), at::kDouble, 2);
      const TargetRows targets = free_targets(40, 3);
      const at::Tensor ours = whole_vocabulary_log_probs(weights, hidden, targets);
      const at::Tensor plain = plain_log_probs(weights, hidden, targets);
      CHECK(max_difference(ours, plain) < 1e-11);
      CounterRandom random(4, RandomStream::init);
      const at::Tensor probe = normal_tensor({30}, at::kDouble, random);
      const auto grads = gradients(weights, at::sum(ours * probe)),
                 expected = gradients(weights, at::sum(plain * probe));
      for (std::size_t i = 0; i < grads.size(); ++i) CHECK(max_difference(grads[i], expected[i]) < 1e-10);
      const at::Tensor by_hidden = torch::autograd::grad({at::sum(ours * probe)}, {hidden}, {}, true)[0];
      CHECK(max_difference(by_hidden,
                           torch::autograd::grad({at::sum(plain * probe)}, {hidden}, {}, true)[0]) < 1e-10);
    }
}

TEST_CASE("text is the log-sum of its scores at any temperature, and the largest of them") {
  const WeightsView weights =
      random_weights(text_config(LayoutHeadKind::tokens, false), at::kDouble, 5, false);
  const at::Tensor hidden = free_hidden(7, weights.config(), at::kDouble, 6).detach();
  const at::Tensor logits =
      at::matmul(hidden, weights.at("lm_head.weight").t()).narrow(1, 0, weights.config().layout_begin);
  for (const double temperature : {0.3, 1.0, 2.5}) {
    const TextScores text = text_scores(weights, hidden, temperature);
    CHECK(max_difference(text.sum, at::logsumexp(logits / temperature, {1}) * temperature) < 1e-11);
    CHECK(max_difference(text.largest, at::amax(logits, {1})) < 1e-12);
  }
}

TEST_CASE("a row's text scores have the same bits alone and among others") {
  const WeightsView weights = random_weights(text_config(LayoutHeadKind::tokens, true), at::kFloat, 7, false);
  const at::Tensor hidden = free_hidden(33, weights.config(), at::kFloat, 8).detach();
  const TextScores together = text_scores(weights, hidden, 0.9);
  for (std::int64_t r = 0; r < 33; ++r) {
    const TextScores alone = text_scores(weights, hidden.narrow(0, r, 1), 0.9);
    CHECK(same_bits(alone.sum, together.sum.narrow(0, r, 1)));
    CHECK(same_bits(alone.largest, together.largest.narrow(0, r, 1)));
  }
}

TEST_CASE("a model of layout tokens alone has no text to score") {
  ModelConfig config = small_config();
  config.layout_begin = 0, config.vocab_size = 20, config.structure_size = 6;
  const WeightsView weights = random_weights(config, at::kFloat, 9, false);
  const at::Tensor hidden = free_hidden(4, config, at::kFloat, 10);
  REQUIRE_THROWS_WITH(text_scores(weights, hidden),
                      "text scores: the model's vocabulary is layout tokens alone");
}

TEST_CASE("neither loss holds the scores of the whole vocabulary") {
  constexpr std::int64_t kRows = 600;
  ModelConfig config = text_config(LayoutHeadKind::tokens, false);
  config.layout_begin = 40'000, config.vocab_size = config.layout_begin + 20;
  const WeightsView weights = random_weights(config, at::kFloat, 12, true);
  const at::Tensor hidden = free_hidden(kRows, config, at::kFloat, 13);
  TargetRows targets = free_targets(kRows, 14);
  targets.row.resize(kRows);
  std::iota(targets.row.begin(), targets.row.end(), 0);
  targets.prompt.assign(kRows, 0);
  targets.target.assign(kRows, 3);
  const std::int64_t scores = 4 * kRows * config.vocab_size, gradient = 4 * config.vocab_size * config.dim;
  const std::int64_t whole =
      most_bytes_during([&] { at::sum(whole_vocabulary_log_probs(weights, hidden, targets)).backward(); });
  for (std::int64_t r = 0; r < kRows; ++r) {
    targets.allowed.insert(targets.allowed.end(), {2, 3, 8});
    targets.allowed_offsets.push_back(3 * static_cast<std::int32_t>(r + 1));
  }
  const std::int64_t masked =
      most_bytes_during([&] { at::sum(layout_log_probs(weights, hidden, targets).log_prob).backward(); });
  INFO(whole << " and " << masked << " bytes, all scores " << scores << ", a gradient " << gradient);
  CHECK(masked - 2 * gradient < scores / 100);
  CHECK(whole - 3 * gradient < 4 * 4 * kRows * kTextChunk);
}

}  // namespace pagewright::model_test
