#include "tests/core/model/device_operators_support.hpp"

#include <algorithm>
#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include "core/model/device/device_decode.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/text_scores.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/decode_support.hpp"
#include "tests/core/model/model_support.hpp"

namespace pagewright::model_test {
namespace {

/// Targets on rows of the batch: sets of one to all entries, some rows of prompts of no candidates.
TargetRows random_targets(const ModelConfig& config, const Batch& batch, CounterRandom& random) {
  TargetRows targets;
  std::vector<std::int64_t> prompt_begin;
  std::vector<std::int64_t> segment_begin;
  std::int64_t row = 0;
  for (const Segment& segment : batch.segments) {
    segment_begin.push_back(row);
    row += segment.tokens.size();
  }
  std::vector<std::int32_t> prompt_of(batch.segments.size(), -1);
  for (std::size_t s = 0; s < batch.segments.size(); ++s) {
    const Segment& segment = batch.segments[s];
    if (segment.parent >= 0) continue;
    prompt_of[s] = static_cast<std::int32_t>(targets.candidate_offsets.size()) - 1;
    const std::uint64_t candidates = s == 0 ? 7 : 4;
    for (std::uint64_t j = 0; j < candidates; ++j)
      targets.candidate_row.push_back(
          segment_begin[s] +
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(segment.tokens.size()))));
    targets.candidate_offsets.push_back(static_cast<std::int32_t>(targets.candidate_row.size()));
  }
  for (std::size_t s = 0; s < batch.segments.size(); ++s) {
    const Segment& segment = batch.segments[s];
    const std::int32_t prompt = prompt_of[segment.parent < 0 ? s : static_cast<std::size_t>(segment.parent)];
    const auto p = static_cast<std::size_t>(prompt);
    const std::int64_t columns =
        config.structure_size + targets.candidate_offsets[p + 1] - targets.candidate_offsets[p];
    for (int i = segment.parent < 0 ? segment.tokens.size() - 1 : 0; i < segment.tokens.size(); ++i) {
      targets.row.push_back(segment_begin[s] + i);
      targets.prompt.push_back(prompt);
      std::vector<std::int32_t> set;
      for (std::int32_t column = 0; column < columns; ++column)
        if (random.below(3) == 0) set.push_back(column);
      if (set.empty())
        set.push_back(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(columns))));
      targets.target.push_back(set[random.below(set.size())]);
      targets.allowed.insert(targets.allowed.end(), set.begin(), set.end());
      targets.allowed_offsets.push_back(static_cast<std::int32_t>(targets.allowed.size()));
    }
  }
  return targets;
}

at::Tensor as_double(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, at::kDouble);
}

at::Tensor probed(const at::Tensor& value, CounterRandom& random) {
  const at::Tensor probe = normal_tensor(value.sizes(), at::kDouble, random);
  return at::sum(value.to(at::kDouble) * probe.to(value.device()));
}

}  // namespace

std::vector<ModelConfig> device_families() {
  ModelConfig llama = small_config(), qwen2 = small_config(), qwen3 = small_config(), wide = small_config();
  qwen2.kv_heads = 2, qwen2.qkv_bias = true, qwen2.tied = true, qwen2.layout_head = LayoutHeadKind::tokens;
  qwen3.kv_heads = 1, qwen3.qk_norm = true, qwen3.head_dim = 16;
  wide.head_dim = 26, wide.kv_heads = 2, wide.layers = 1;
  ModelConfig biased = small_config(), mistral = small_config(), mixed = small_config();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  biased.rope = {.kind = RopeKind::dynamic, .factor = 2, .original_positions = 16};
  mistral.kv_heads = 2, mistral.windows = {5, 5};
  mixed.head_dim = 16, mixed.qkv_bias = true, mixed.windows = {18, 0};
  mixed.rope = {.kind = RopeKind::yarn, .factor = 4, .original_positions = 16, .attention_factor = 1.1};
  return {llama, qwen2, qwen3, wide, biased, mistral, mixed};
}

WeightsView weights_on(const WeightsView& weights, c10::Device device, at::ScalarType dtype) {
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const auto& [name, tensor] : weights.tensors())
    (*tensors)[name] =
        tensor.detach().to(device, dtype, false, /*copy=*/true).set_requires_grad(tensor.requires_grad());
  return WeightsView(std::make_shared<ModelConfig>(weights.config()), tensors, weights.version());
}

ModelOutcome model_outcome(const WeightsView& weights, std::uint64_t seed) {
  const ModelConfig& config = weights.config();
  CounterRandom random(seed, RandomStream::request_draw, 1);
  const Batch batch = shared_batch(static_cast<TokenId>(config.vocab_size), seed);
  const TargetRows targets = random_targets(config, batch, random);
  const at::Tensor hidden = hidden_states(weights, batch);
  const LayoutLogProbs layout = layout_log_probs(weights, hidden, targets, 0.8);
  const at::Tensor value = scalar_head(weights, "value", hidden, targets.row);
  const at::Tensor whole = lm_logits(weights, hidden.narrow(0, 3, 5));
  const TextScores text = text_scores(weights, hidden, 0.8);
  const at::Tensor free = whole_vocabulary_log_probs(weights, hidden, targets);
  ModelOutcome outcome{
      {"hidden", "log_prob", "entropy", "value", "whole vocabulary", "text", "likeliest text",
       "free log_prob"},
      {as_double(hidden), as_double(layout.log_prob), as_double(layout.entropy), as_double(value),
       as_double(whole), as_double(text.sum), as_double(text.largest), as_double(free)}};
  const at::Tensor loss = probed(hidden, random) + probed(layout.log_prob, random) +
                          probed(layout.entropy, random) + probed(value, random) + probed(whole, random) +
                          probed(text.sum, random) + probed(free, random);
  const std::vector<at::Tensor> grads = gradients(weights, loss);
  std::size_t i = 0;
  for (const auto& [name, tensor] : weights.tensors()) {
    outcome.names.push_back("gradient of " + name);
    outcome.values.push_back(as_double(grads[i++]));
  }
  return outcome;
}

double largest_difference(const ModelOutcome& ours, const ModelOutcome& theirs, std::string& what) {
  double largest = -1;
  for (std::size_t i = 0; i < ours.values.size(); ++i) {
    const double scale = 1 + theirs.values[i].abs().max().item<double>();
    const double difference = max_difference(ours.values[i], theirs.values[i]) / scale;
    if (!(difference <= largest)) largest = difference, what = ours.names[i];
  }
  return largest;
}

at::Tensor device_decoded_hidden(const WeightsView& weights, const Batch& batch, std::uint64_t seed,
                                 std::size_t at_once) {
  const BatchStreams streams(batch);
  DeviceDecodeSession session(weights, streams.prompts, streams.stream_prompt, 17);
  return decoded_in_turns(streams, session, seed, at_once,
                          [](auto& self, std::span<const std::int32_t> open, const TokenBags& tokens) {
                            return self.step(open, tokens);
                          });
}

}  // namespace pagewright::model_test
