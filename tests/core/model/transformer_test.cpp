#include "core/model/transformer.hpp"

#include <ATen/ops/sum.h>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/row_functions.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

std::vector<ModelConfig> families() {
  ModelConfig llama = small_config(), qwen2 = small_config(), qwen3 = small_config(), wide = small_config();
  qwen2.kv_heads = 2, qwen2.qkv_bias = true, qwen2.tied = true;
  qwen3.kv_heads = 1, qwen3.qk_norm = true, qwen3.head_dim = 16;
  wide.head_dim = 34, wide.kv_heads = 2, wide.layers = 1;
  ModelConfig biased = small_config(), mistral = small_config(), mixed = small_config();
  biased.qkv_bias = biased.output_bias = biased.mlp_bias = true;
  mistral.kv_heads = 2, mistral.windows = {5, 5};
  mixed.head_dim = 16, mixed.qkv_bias = true, mixed.windows = {18, 0};
  return {llama, qwen2, qwen3, wide, biased, mistral, mixed};
}

/// A window of one, of a few, of a chunk of keys and of one more, of more than a prompt.
std::vector<ModelConfig> windowed() {
  std::vector<ModelConfig> all;
  for (const std::int64_t window : {1, 6, 16, 17, 20}) {
    all.push_back(small_config());
    all.back().windows = {window, 0};
    all.back().head_dim = window % 2 == 0 ? 16 : 0;
  }
  return all;
}

void check_against_plain_operators(const ModelConfig& config) {
  const WeightsView weights = random_weights(config, at::kDouble, 1, true);
  const Batch batch = shared_batch(37, 2);
  CounterRandom random(3, RandomStream::init);
  const at::Tensor probe = normal_tensor({batch.rows(), config.dim}, at::kDouble, random);
  const at::Tensor ours = hidden_states(weights, batch), theirs = reference_hidden(weights, batch);
  CHECK(max_difference(ours, theirs) < 1e-12);
  const auto grads = gradients(weights, at::sum(ours * probe));
  const auto expected = gradients(weights, at::sum(theirs * probe));
  for (std::size_t i = 0; i < grads.size(); ++i) {
    INFO("parameter " << i);
    CHECK(max_difference(grads[i], expected[i]) < 1e-10 * (1 + expected[i].abs().max().item<double>()));
  }
}

}  // namespace

TEST_CASE("hidden states and all gradients equal those of plain ATen operators") {
  for (const ModelConfig& config : families()) check_against_plain_operators(config);
}

namespace {

void check_shared_prompt(const ModelConfig& config) {
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const WeightsView weights = random_weights(config, dtype, 4, true);
    const Batch shared = shared_batch(37, 5);
    std::vector<std::int64_t> rows;
    const Batch copied = unshared_batch(shared, rows);
    const at::Tensor ours = hidden_states(weights, shared);
    const at::Tensor theirs = gather_rows(hidden_states(weights, copied), rows);
    CHECK(same_bits(ours, theirs));
    if (dtype == at::kFloat) continue;
    CounterRandom random(6, RandomStream::init);
    const at::Tensor probe = normal_tensor(ours.sizes(), dtype, random);
    const auto grads = gradients(weights, at::sum(ours * probe)),
               expected = gradients(weights, at::sum(theirs * probe));
    for (std::size_t i = 0; i < grads.size(); ++i) CHECK(max_difference(grads[i], expected[i]) < 1e-10);
  }
}

}  // namespace

TEST_CASE("a shared prompt gives the bits of copied prompts, and the same gradients") {
  check_shared_prompt(small_config());
}

TEST_CASE("a shared prompt gives the bits of copied prompts behind a sliding window") {
  for (const ModelConfig& config : windowed()) check_shared_prompt(config);
}

TEST_CASE("attention behind a sliding window equals brute force in double") {
  for (const ModelConfig& config : windowed()) check_against_plain_operators(config);
}

namespace {

void check_rows_alone(const ModelConfig& config) {
  const WeightsView weights = random_weights(config, at::kFloat, 7, false);
  const Batch batch = shared_batch(37, 8);
  const at::Tensor all = hidden_states(weights, batch);
  std::int64_t row = 0;
  for (const Segment& segment : batch.segments) {
    Batch alone;
    if (segment.parent >= 0)
      alone.segments.push_back(batch.segments[static_cast<std::size_t>(segment.parent)]);
    const std::int64_t before = alone.rows();
    alone.segments.push_back({segment.tokens, segment.first_position, segment.parent >= 0 ? 0 : -1});
    const at::Tensor out = hidden_states(weights, alone);
    CHECK(same_bits(out.slice(0, before), all.slice(0, row, row + segment.tokens.size())));
    row += segment.tokens.size();
  }
  // Prefixes, one to nineteen rows.
  const TokenBags& prompt = batch.segments[0].tokens;
  for (int n = 1; n < prompt.size(); ++n) {
    Batch prefix;
    prefix.segments.emplace_back();
    for (int i = 0; i < n; ++i) prefix.segments[0].tokens.push(prompt.at(i));
    CHECK(same_bits(hidden_states(weights, prefix), all.slice(0, 0, n)));
  }
}

}  // namespace

TEST_CASE("a row's bits do not depend on the rows beside it") {
  check_rows_alone(small_config());
}

TEST_CASE("a row's bits do not depend on the rows beside it behind a window or with stretched positions") {
  for (const ModelConfig& config : windowed()) check_rows_alone(config);
  ModelConfig dynamic = small_config();
  dynamic.rope.kind = RopeKind::dynamic;
  dynamic.rope.factor = 4;
  dynamic.rope.original_positions = 10;
  check_rows_alone(dynamic);
}

namespace {

/// A prompt, a response of 9, and responses that share its first 4, 9 and 0 positions; `whole` the same
/// written out.
struct SharedPrefixes {
  Batch shared, whole;
  std::vector<int> prefixes{4, 9, 0};

  explicit SharedPrefixes(std::uint64_t seed) {
    CounterRandom random(seed, RandomStream::request_draw);
    const TokenBags prompt = random_bags(17, 37, random), first = random_bags(9, 37, random);
    for (Batch* batch : {&shared, &whole}) {
      batch->segments.push_back({prompt, 0, -1});
      batch->segments.push_back({first, 17, 0});
    }
    for (const int prefix : prefixes) {
      const TokenBags rest = random_bags(6, 37, random);
      shared.segments.push_back({rest, 17 + prefix, 0, prefix > 0 ? 1 : -1, prefix});
      TokenBags all;
      for (int i = 0; i < prefix; ++i) all.push(first.at(i));
      for (int i = 0; i < rest.size(); ++i) all.push(rest.at(i));
      whole.segments.push_back({all, 17, 0});
    }
  }
};

void check_shared_prefixes(const ModelConfig& config, at::ScalarType type, double tolerance) {
  const WeightsView weights = random_weights(config, type, 7, false);
  const SharedPrefixes batches(21);
  const at::Tensor shared = hidden_states(weights, batches.shared),
                   whole = hidden_states(weights, batches.whole);
  REQUIRE(shared.size(0) == 17 + 9 + 3 * 6);
  CHECK(max_difference(shared.narrow(0, 0, 26), whole.narrow(0, 0, 26)) <= tolerance);
  std::int64_t row = 26, in_whole = 26;
  for (const int prefix : batches.prefixes) {
    CHECK(max_difference(shared.narrow(0, row, 6), whole.narrow(0, in_whole + prefix, 6)) <= tolerance);
    row += 6;
    in_whole += prefix + 6;
  }
}

}  // namespace

TEST_CASE("a response that shares a prefix has the bits of one that is computed as a whole") {
  check_shared_prefixes(small_config(), at::kFloat, 0);
  for (const ModelConfig& config : windowed()) check_shared_prefixes(config, at::kFloat, 0);
  const OperatorsEverywhere everywhere;
  check_shared_prefixes(small_config(), at::kDouble, 1e-12);
  for (const ModelConfig& config : windowed()) check_shared_prefixes(config, at::kDouble, 1e-12);
}

TEST_CASE("what a segment cannot share is refused by name, and shared prefixes are not differentiated") {
  const WeightsView weights = random_weights(small_config(), at::kFloat, 1, false);
  SharedPrefixes batches(21);
  std::vector<Segment>& segments = batches.shared.segments;
  SECTION("a prefix that ends elsewhere") {
    segments[2].first_position = 20;
    REQUIRE_THROWS_WITH(hidden_states(weights, batches.shared),
                        "model input: segment 2 starts at position 20, not at the end of the 4 rows that it "
                        "shares with segment 1");
  }
  SECTION("a sibling that shares itself") {
    segments[3].shared = 2;
    REQUIRE_THROWS_WITH(hidden_states(weights, batches.shared),
                        "model input: segment 3 shares a prefix with segment 2, which is no earlier whole "
                        "segment of its parent");
  }
  SECTION("no parent") {
    segments[2].parent = -1;
    REQUIRE_THROWS_WITH(hidden_states(weights, batches.shared),
                        "model input: segment 2 shares a prefix without a parent");
  }
  SECTION("a gradient") {
    const WeightsView learning = random_weights(small_config(), at::kFloat, 1, true);
    const at::Tensor hidden = hidden_states(learning, batches.shared);
    REQUIRE_THROWS_WITH(gradients(learning, at::sum(hidden)),
                        "a batch with shared prefixes cannot be differentiated");
  }
}

TEST_CASE("gradients equal finite differences") {
  ModelConfig config = small_config();
  config.qk_norm = config.qkv_bias = config.output_bias = config.mlp_bias = true;
  config.kv_heads = 2;
  config.windows = {7, 0};
  config.rope.kind = RopeKind::yarn;
  config.rope.factor = 4;
  config.rope.original_positions = 16;
  config.rope.attention_factor = 1.1;
  const WeightsView weights = random_weights(config, at::kDouble, 9, true);
  const Batch batch = shared_batch(37, 10);
  CounterRandom random(11, RandomStream::init);
  const at::Tensor probe = normal_tensor({batch.rows(), config.dim}, at::kDouble, random);
  const auto loss = [&] { return at::sum(hidden_states(weights, batch) * probe); };
  const auto grads = gradients(weights, loss());
  std::size_t index = 0;
  for (const auto& [name, tensor] : weights.tensors()) {
    const at::Tensor& grad = grads[index++];
    for (int probe_number = 0; probe_number < 2; ++probe_number) {
      const auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(tensor.numel())));
      double* value = static_cast<double*>(tensor.data_ptr()) + at;
      const double kept = *value, h = 1e-5;
      *value = kept + h;
      const double above = loss().item<double>();
      *value = kept - h;
      const double below = loss().item<double>();
      *value = kept;
      INFO(name << "[" << at << "]");
      CHECK(grad.reshape({-1})[at].item<double>() ==
            Approx((above - below) / (2 * h)).epsilon(1e-6).margin(1e-6));
    }
  }
}

TEST_CASE("a batch that no model can run is refused by name") {
  const WeightsView weights = random_weights(small_config(), at::kFloat, 1, false);
  Batch batch = shared_batch(37, 1);
  SECTION("token outside the vocabulary") {
    batch.segments[0].tokens.push(TokenId{37});
    REQUIRE_THROWS_WITH(hidden_states(weights, batch),
                        "model input: token 37 in segment 0 is outside the vocabulary of 37");
  }
  SECTION("a grandparent") {
    batch.segments[2].parent = 1;
    REQUIRE_THROWS_WITH(hidden_states(weights, batch),
                        "model input: parent 1 of segment 2 has a parent itself");
  }
  SECTION("a parent that comes later") {
    batch.segments[0].parent = 1;
    REQUIRE_THROWS_WITH(hidden_states(weights, batch),
                        "model input: segment 0 has parent 1, which does not come before it");
  }
  SECTION("positions of a response within its prompt, behind a window") {
    ModelConfig config = small_config();
    config.windows = {4, 4};
    batch.segments[1].first_position = 18;
    REQUIRE_THROWS_WITH(hidden_states(random_weights(config, at::kFloat, 1, false), batch),
                        "model input: segment 1 starts at position 18, within its parent; a model with a "
                        "sliding window needs positions that grow");
  }
  SECTION("a position beyond the table") {
    batch.segments[1].first_position = 60;
    REQUIRE_THROWS_WITH(hidden_states(weights, batch),
                        "model input: segment 1 ends at position 65, the model has max_positions 64");
  }
}

}  // namespace pagewright::model_test
