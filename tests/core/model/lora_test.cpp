#include "core/model/lora.hpp"

#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>

#include "core/config/config_file.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright::model_test {
namespace {

ModelConfig adapted_config(bool tied) {
  ModelConfig config = small_config();
  config.kv_heads = 2, config.qkv_bias = true, config.tied = tied;
  config.frozen_backbone = true;
  config.lora = {3, 7, {"q_proj", "v_proj", "o_proj", "gate_proj", "down_proj"}};
  return config;
}

/// The whole model on a frozen backbone; what is missing, the adapters, from `adapters`.
WeightsView on_backbone(const WeightsView& whole, const ModelConfig& config,
                        const WeightsView::Tensors& adapters) {
  auto tensors = std::make_shared<WeightsView::Tensors>(on_frozen_backbone(whole.tensors(), config));
  for (const auto& [name, tensor] : adapters)
    if (name.find(".lora_") != std::string::npos) (*tensors)[name] = tensor;
  return {std::make_shared<ModelConfig>(config), tensors, 0};
}

TargetRows some_targets() {
  TargetRows targets;
  targets.row = {3, 20, 25};
  targets.target = {0, 6, 2};
  targets.allowed = {0, 2, 5, 6, 1, 2};
  targets.allowed_offsets = {0, 2, 4, 6};
  targets.prompt = {0, 0, 0};
  targets.candidate_row = {1, 2};
  targets.candidate_offsets = {0, 2};
  return targets;
}

}  // namespace

TEST_CASE("fresh adapters and layout rows that lie apart change no bit") {
  for (const bool tied : {false, true}) {
    const ModelConfig config = adapted_config(tied);
    const WeightsView whole = random_weights(config.whole(), at::kFloat, 4, false);
    WeightsView::Tensors fresh = random_weights(config, at::kFloat, 5, false).tensors();
    for (auto& [name, tensor] : fresh)
      if (name.ends_with("lora_B.weight")) tensor = at::zeros_like(tensor);
    const Batch batch = shared_batch(37, 6);
    const at::Tensor expected = hidden_states(whole, batch);
    for (const ModelConfig& shape : {config, config.without_adapters()}) {
      const WeightsView view = on_backbone(whole, shape, shape.lora.on() ? fresh : WeightsView::Tensors{});
      CHECK(view.tensors().size() == parameter_specs(shape).size());
      const at::Tensor hidden = hidden_states(view, batch);
      CHECK(same_bits(hidden, expected));
      CHECK(same_bits(lm_logits(view, hidden), lm_logits(whole, expected)));
      CHECK(same_bits(layout_log_probs(view, hidden, some_targets()).log_prob,
                      layout_log_probs(whole, expected, some_targets()).log_prob));
    }
  }
}

TEST_CASE("merged weights compute what the adapters do, by an independent forward pass") {
  for (const bool tied : {false, true}) {
    const WeightsView adapted = random_weights(adapted_config(tied), at::kDouble, 7, false);
    const WeightsView merged = merged_weights(adapted);
    CHECK(merged.tensors().size() == parameter_specs(adapted.config().whole()).size());
    for (const ParameterSpec& spec : parameter_specs(merged.config()))
      CHECK(merged.at(spec.name).sizes() == at::IntArrayRef(spec.shape));
    const Batch batch = shared_batch(37, 8);
    const at::Tensor hidden = hidden_states(adapted, batch);
    CHECK(max_difference(hidden, reference_hidden(merged, batch)) < 1e-10);
    const at::Tensor& head = merged.at(tied ? "model.embed_tokens.weight" : "lm_head.weight");
    CHECK(max_difference(lm_logits(adapted, hidden), at::matmul(hidden, head.t())) < 1e-10);
  }
}

TEST_CASE("adapters get B^T dW and dW A^T of the merged matrix's gradient dW, layout rows theirs") {
  const ModelConfig config = adapted_config(true);
  const WeightsView adapted = random_weights(config, at::kDouble, 9, true);
  const WeightsView fixed = merged_weights(adapted);
  auto leaves = std::make_shared<WeightsView::Tensors>();
  for (const auto& [name, tensor] : fixed.tensors())
    (*leaves)[name] = tensor.detach().clone().set_requires_grad(true);
  const WeightsView merged(std::make_shared<ModelConfig>(fixed.config()), leaves, 0);
  const Batch batch = shared_batch(37, 10);
  CounterRandom random(11, RandomStream::world);
  const at::Tensor probe = normal_tensor({batch.rows(), config.dim}, at::kDouble, random);
  const auto named = [](const WeightsView& weights, const at::Tensor& loss) {
    std::map<std::string, at::Tensor> result;
    const std::vector<at::Tensor> all = gradients(weights, loss);
    std::size_t i = 0;
    for (const auto& [name, tensor] : weights.tensors()) result[name] = all[i++];
    return result;
  };
  const auto own = named(adapted, (hidden_states(adapted, batch) * probe).sum());
  const auto expected = named(merged, (reference_hidden(merged, batch) * probe).sum());
  int adapters = 0;
  for (const auto& [name, gradient] : own) {
    const std::size_t at = name.find(".lora_");
    if (at == std::string::npos) continue;
    const std::string module = name.substr(0, at);
    const at::Tensor& of_matrix = expected.at(module + ".weight");
    const at::Tensor by_rule =
        config.lora.scale() * (name.ends_with("A.weight")
                                   ? at::matmul(adapted.at(module + ".lora_B.weight").t(), of_matrix)
                                   : at::matmul(of_matrix, adapted.at(module + ".lora_A.weight").t()));
    INFO(name);
    CHECK(max_difference(gradient, by_rule) < 1e-9);
    CHECK(gradient.abs().max().item<double>() > 1e-3);
    ++adapters;
  }
  CHECK(adapters == 2 * 5 * 2);
  CHECK(max_difference(own.at("layout_embedding.weight"),
                       expected.at("model.embed_tokens.weight").narrow(0, 20, 17)) < 1e-9);
}

TEST_CASE("with a frozen backbone adapters, layout rows and heads are trained and nothing else") {
  const ModelConfig config = adapted_config(false);
  std::int64_t trained = 0;
  for (const ParameterSpec& spec : parameter_specs(config)) {
    INFO(spec.name);
    const bool apart = spec.name.find(".lora_") != std::string::npos || spec.name.starts_with("layout_") ||
                       spec.name.starts_with("pointer_") || spec.name.starts_with("value_");
    CHECK(spec.trained == apart);
    trained += spec.trained ? 1 : 0;
    if (spec.name == "model.embed_tokens.weight") CHECK(spec.shape == std::vector<std::int64_t>{20, 24});
    if (spec.name == "layout_head.weight") CHECK(spec.shape == std::vector<std::int64_t>{17, 24});
    if (spec.name.ends_with("gate_proj.lora_A.weight")) {
      CHECK(spec.shape == std::vector<std::int64_t>{3, 24});
      CHECK(spec.stddev == Approx(1 / std::sqrt(24.0)));
    }
  }
  CHECK(trained == 2 * 2 * 5 + 2 + 2 + 2);
  for (const ParameterSpec& spec : parameter_specs(config.whole())) CHECK(spec.trained);
}

TEST_CASE("products with bfloat16 weights are those with the same weights widened") {
  ModelConfig config = small_config();
  config.qk_norm = true;
  const WeightsView narrow = random_weights(config, at::kBFloat16, 12, false);
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const auto& [name, tensor] : narrow.tensors()) (*tensors)[name] = tensor.to(at::kFloat);
  const WeightsView wide(std::make_shared<ModelConfig>(config), tensors, 0);
  const Batch batch = shared_batch(37, 13);
  const at::Tensor hidden = hidden_states(narrow, batch);
  CHECK(hidden.scalar_type() == at::kFloat);
  CHECK(same_bits(hidden, hidden_states(wide, batch)));
  CHECK(same_bits(lm_logits(narrow, hidden), lm_logits(wide, hidden)));
  const std::vector<std::int64_t> rows{2, 5};
  CHECK(same_bits(scalar_head(narrow, "value", hidden, rows), scalar_head(wide, "value", hidden, rows)));
}

TEST_CASE("dropout, an unknown matrix and an empty list of them are refused") {
  const auto refusal = [](const std::string& text) {
    return test::error_text([&] {
      ConfigFile file = parse_config(text, "lora.yaml");
      LoraConfig::from(file.root());
      file.finish();
    });
  };
  CHECK(test::contains(refusal("{rank: 4, dropout: 0.1}"), "dropout is off in reinforcement learning"));
  CHECK(test::contains(refusal("{rank: 4, targets: [q_proj, w_proj]}"), "no matrix 'w_proj'"));
  CHECK(test::contains(refusal("{rank: 4, targets: []}"), "targets is empty"));
  CHECK(test::contains(refusal("{rank: -1}"), "rank"));
}

}  // namespace pagewright::model_test
