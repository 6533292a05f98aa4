#include "core/model/kv_cache.hpp"

#include <iterator>

#include <ATen/ops/empty.h>

#include "core/model/transformer.hpp"
#include "tests/core/model/decode_support.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Hidden states of a shared batch, its responses decoded a few streams at a time.
template <class T>
at::Tensor decoded_hidden(const WeightsView& weights, const Batch& batch, std::uint64_t seed,
                          std::size_t at_once) {
  const BatchStreams streams(batch);
  DecodeSession<T> session(weights, streams.prompts, streams.stream_prompt, 17);
  const auto step = [&](auto& self, std::span<const std::int32_t> open, const TokenBags& tokens) {
    at::Tensor hidden = at::empty({std::ssize(open), weights.config().dim}, self.prompt_hidden().options());
    self.step(open, tokens, hidden.template mutable_data_ptr<T>());
    return hidden;
  };
  return decoded_in_turns(streams, session, seed, at_once, step);
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
