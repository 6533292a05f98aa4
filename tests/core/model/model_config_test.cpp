#include "core/model/model_config.hpp"

#include <algorithm>

#include "core/config/config_file.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {

TEST_CASE("biases of the output and the feed-forward layer are parameters where the model has them") {
  ModelConfig c = small_config();
  const std::int64_t before = parameter_count(c);
  c.output_bias = c.mlp_bias = true;
  CHECK(parameter_count(c) == before + 2 * (24 + 20 + 20 + 24));
  c.windows = {4};
  REQUIRE_THROWS_WITH(c.check(), "model: 1 sliding windows for 2 layers; give one a layer");
  c.windows = {4, -1};
  REQUIRE_THROWS_WITH(c.check(),
                      "model: a sliding window of -1 positions; it must be positive, or 0 for none");
}

TEST_CASE("parameters are sorted, named as Hugging Face names them, and counted") {
  ModelConfig c = small_config();
  c.qk_norm = c.qkv_bias = true;
  c.kv_heads = 2;
  c.scalar_heads = {"click"};
  const auto specs = parameter_specs(c);
  CHECK(std::ranges::is_sorted(specs, {}, &ParameterSpec::name));
  const auto named = [&](const std::string& name) {
    const auto found = std::ranges::find(specs, name, &ParameterSpec::name);
    REQUIRE(found != specs.end());
    return *found;
  };
  CHECK(named("model.embed_tokens.weight").shape == std::vector<std::int64_t>{37, 24});
  CHECK(named("model.layers.1.self_attn.k_proj.weight").shape == std::vector<std::int64_t>{12, 24});
  CHECK(named("model.layers.0.self_attn.q_proj.bias").init == InitKind::zeros);
  CHECK(named("model.layers.0.self_attn.k_norm.weight").shape == std::vector<std::int64_t>{6});
  CHECK(named("model.layers.0.mlp.gate_proj.weight").shape == std::vector<std::int64_t>{20, 24});
  CHECK(named("lm_head.weight").weight_decay);
  CHECK_FALSE(named("model.norm.weight").weight_decay);
  CHECK(named("click_head.weight").shape == std::vector<std::int64_t>{1, 24});
  CHECK(named("value_head.bias").shape == std::vector<std::int64_t>{1});
  // 2 x 37 x 24; per layer 2 x 24 + 24 x 24 x 2 + 2 x 12 x 24 + (24 + 12 + 12) + 2 x 6 + 3 x 24 x 20; final
  // norm; pointer 2 x 24 x 24; two scalar heads of 25.
  CHECK(parameter_count(c) == 1776 + 2 * (48 + 1152 + 576 + 48 + 12 + 1440) + 24 + 1152 + 50);
  c.tied = true;
  CHECK(parameter_count(c) == 1776 - 888 + 2 * (48 + 1152 + 576 + 48 + 12 + 1440) + 24 + 1152 + 50);
}

TEST_CASE("a model section with heads that do not divide is refused at its line") {
  const ConfigFile file = parse_config("model:\n  dim: 30\n  heads: 4\n  kv_heads: 3\n", "m.yaml");
  ModelConfig::from(file.root().child("model"));
  const std::vector<std::string> errors = file.errors();
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].find("m.yaml:3:") == 0);
  CHECK(errors[0].find("heads must divide dim") != std::string::npos);
  CHECK(errors[1].find("m.yaml:4:") == 0);
}

TEST_CASE("key-value heads default to the heads") {
  const ConfigFile file = parse_config("model: {heads: 8, dim: 32, layout_head: tokens}\n", "m.yaml");
  const ModelConfig config = ModelConfig::from(file.root().child("model"));
  file.finish();
  CHECK(config.kv_heads == 8);
  CHECK(config.layout_head == LayoutHeadKind::tokens);
}

}  // namespace pagewright::model_test
