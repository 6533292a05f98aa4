#include "core/model/kv_cache.hpp"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "core/model/transformer.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Decodes the responses of a shared batch, a few streams at a time in random order, and returns their hidden
/// states in the order of the batch; the prompts' rows are the session's own.
template <class T>
at::Tensor decoded_hidden(const WeightsView& weights, const Batch& batch, std::uint64_t seed,
                          std::size_t at_once) {
  std::vector<const TokenBags*> prompts;
  std::vector<std::int32_t> stream_prompt;
  std::vector<std::int64_t> first_row;
  std::vector<const TokenBags*> responses;
  std::int64_t row = 0;
  std::vector<std::int64_t> prompt_begin;
  for (const Segment& segment : batch.segments) {
    if (segment.parent < 0) {
      prompts.push_back(&segment.tokens);
      prompt_begin.push_back(row);
    } else {
      stream_prompt.push_back(static_cast<std::int32_t>(prompts.size()) - 1);
      responses.push_back(&segment.tokens);
      first_row.push_back(row);
    }
    row += segment.tokens.size();
  }
  const std::int64_t dim = weights.config().dim;
  DecodeSession<T> session(weights, prompts, stream_prompt, 17);
  const at::Tensor& prompt_hidden = session.prompt_hidden();
  at::Tensor out = at::empty({row, dim}, prompt_hidden.options());
  T* to = out.mutable_data_ptr<T>();
  for (std::size_t p = 0; p < prompts.size(); ++p)
    for (int i = 0; i < prompts[p]->size(); ++i)
      std::copy_n(prompt_hidden.const_data_ptr<T>() + session.prompt_row(static_cast<int>(p), i) * dim, dim,
                  to + (prompt_begin[p] + i) * dim);
  CounterRandom random(seed, RandomStream::shuffle);
  std::vector<int> done(responses.size(), 0);
  while (true) {
    std::vector<std::int32_t> open;
    for (std::size_t s = 0; s < responses.size(); ++s)
      if (done[s] < responses[s]->size()) open.push_back(static_cast<std::int32_t>(s));
    if (open.empty()) return out;
    random.shuffle(std::span(open));
    open.resize(std::min(open.size(), at_once));
    TokenBags tokens;
    for (const std::int32_t s : open)
      tokens.push(responses[static_cast<std::size_t>(s)]->at(done[static_cast<std::size_t>(s)]));
    std::vector<T> hidden(open.size() * static_cast<std::size_t>(dim));
    session.step(open, tokens, hidden.data());
    for (std::size_t i = 0; i < open.size(); ++i) {
      const auto s = static_cast<std::size_t>(open[i]);
      std::copy_n(hidden.data() + static_cast<std::int64_t>(i) * dim, dim,
                  to + (first_row[s] + done[s]++) * dim);
    }
  }
}

void check_decoding(const std::vector<ModelConfig>& configs, const std::vector<std::uint64_t>& seeds) {
  for (const ModelConfig& config : configs)
    for (const std::uint64_t seed : seeds) {
      const Batch batch = shared_batch(37, seed);
      const WeightsView single = random_weights(config, at::kFloat, seed, false);
      const WeightsView twice = random_weights(config, at::kDouble, seed, false);
      for (const std::size_t at_once : {1, 2, 5}) {
        CHECK(same_bits(decoded_hidden<float>(single, batch, seed, at_once), hidden_states(single, batch)));
        CHECK(same_bits(decoded_hidden<double>(twice, batch, seed, at_once), hidden_states(twice, batch)));
      }
    }
}

}  // namespace

TEST_CASE("cached decoding gives the bits of the full forward, whatever is decoded beside") {
  ModelConfig plain = small_config(), grouped = small_config(), normed = small_config();
  grouped.kv_heads = 2, grouped.qkv_bias = true, grouped.tied = true;
  normed.qk_norm = true, normed.head_dim = 16, normed.kv_heads = 1;
  ModelConfig adapted = grouped;
  adapted.frozen_backbone = true,
  adapted.lora = {3, 8, {"q_proj", "k_proj", "o_proj", "up_proj", "down_proj"}};
  check_decoding({plain, grouped, normed, adapted}, {1, 2, 3});
}

TEST_CASE("cached decoding with bfloat16 weights gives the bits of the full forward") {
  ModelConfig config = small_config();
  config.frozen_backbone = true, config.lora.rank = 2;
  const Batch batch = shared_batch(37, 4);
  const WeightsView narrow = random_weights(config, at::kBFloat16, 4, false);
  CHECK(same_bits(decoded_hidden<float>(narrow, batch, 4, 2), hidden_states(narrow, batch)));
}

TEST_CASE(
    "cached decoding gives the bits of the full forward behind windows, with biases and scaled positions") {
  ModelConfig biased = small_config(), llama3 = small_config();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  llama3.rope.kind = RopeKind::llama3, llama3.rope.factor = 8, llama3.rope.original_positions = 16;
  std::vector<ModelConfig> configs{biased, llama3};
  for (const std::int64_t window : {1, 5, 16, 17, 23}) {
    configs.push_back(small_config());
    configs.back().kv_heads = 2;
    configs.back().windows = {window, 0};
  }
  // Positions beyond the original context begin within a prompt, at its end, and within a response.
  for (const std::int64_t original : {9, 19, 25}) {
    configs.push_back(small_config());
    configs.back().rope.kind = RopeKind::dynamic;
    configs.back().rope.factor = 4;
    configs.back().rope.original_positions = original;
  }
  check_decoding(configs, {4});
}

TEST_CASE("a session refuses more positions than it was made for") {
  const WeightsView weights = random_weights(small_config(), at::kFloat, 1, false);
  TokenBags prompt;
  for (int i = 0; i < 40; ++i) prompt.push(TokenId{1});
  const std::vector<const TokenBags*> prompts{&prompt};
  const std::vector<std::int32_t> streams{0};
  REQUIRE_THROWS_WITH(
      DecodeSession<float>(weights, prompts, streams, 25),
      "decode: a prompt of 40 positions and 25 more do not fit in the model's max_positions 64");
  DecodeSession<float> session(weights, prompts, streams, 1);
  TokenBags next;
  next.push(TokenId{2});
  std::vector<float> hidden(24);
  session.step(streams, next, hidden.data());
  REQUIRE_THROWS_WITH(session.step(streams, next, hidden.data()),
                      "decode: a stream takes more than its 1 positions");
}

}  // namespace pagewright::model_test
