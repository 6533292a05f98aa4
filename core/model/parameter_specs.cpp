#include <algorithm>
#include <cmath>

#include "core/model/model_config.hpp"

namespace pagewright {
namespace {

/// Collects specs under the names of Hugging Face.
class SpecList {
 public:
  void matrix(std::string name, std::int64_t out, std::int64_t in, double stddev) {
    specs_.push_back({std::move(name), {out, in}, InitKind::normal, stddev, true});
  }
  void linear(std::string name, std::int64_t out, std::int64_t in, double scale = 1) {
    matrix(std::move(name), out, in, scale / std::sqrt(3.0 * static_cast<double>(in)));
  }
  void vector(std::string name, std::int64_t size, InitKind init) {
    specs_.push_back({std::move(name), {size}, init, 0, false});
  }
  /// Of a matrix [out, in] of a layer.
  void adapter(const std::string& module, std::int64_t out, std::int64_t in, const LoraConfig& lora) {
    if (!lora.adapts(module)) return;
    specs_.push_back({module + ".lora_A.weight",
                      {lora.rank, in},
                      InitKind::uniform,
                      1 / std::sqrt(static_cast<double>(in)),
                      true});
    specs_.push_back({module + ".lora_B.weight", {out, lora.rank}, InitKind::zeros, 0, true});
  }
  void scalar_head(const std::string& name, std::int64_t dim) {
    specs_.push_back({name + "_head.weight", {1, dim}, InitKind::zeros, 0, true});
    vector(name + "_head.bias", 1, InitKind::zeros);
  }
  /// Everything so far is not trained.
  void freeze() {
    for (ParameterSpec& spec : specs_) spec.trained = false;
  }
  std::vector<ParameterSpec> sorted() && {
    std::ranges::sort(specs_, {}, &ParameterSpec::name);
    return std::move(specs_);
  }

 private:
  std::vector<ParameterSpec> specs_;
};

void add_layer(SpecList& list, const ModelConfig& c, std::int64_t layer) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  const std::int64_t q_width = c.heads * c.head_size(), kv_width = c.kv_heads * c.head_size();
  const double residual = 1 / std::sqrt(2.0 * static_cast<double>(c.layers));
  list.vector(prefix + "input_layernorm.weight", c.dim, InitKind::ones);
  list.linear(prefix + "self_attn.q_proj.weight", q_width, c.dim);
  list.linear(prefix + "self_attn.k_proj.weight", kv_width, c.dim);
  list.linear(prefix + "self_attn.v_proj.weight", kv_width, c.dim);
  list.linear(prefix + "self_attn.o_proj.weight", c.dim, q_width, residual);
  if (c.qkv_bias) {
    list.vector(prefix + "self_attn.q_proj.bias", q_width, InitKind::zeros);
    list.vector(prefix + "self_attn.k_proj.bias", kv_width, InitKind::zeros);
    list.vector(prefix + "self_attn.v_proj.bias", kv_width, InitKind::zeros);
  }
  if (c.output_bias) list.vector(prefix + "self_attn.o_proj.bias", c.dim, InitKind::zeros);
  if (c.qk_norm) {
    list.vector(prefix + "self_attn.q_norm.weight", c.head_size(), InitKind::ones);
    list.vector(prefix + "self_attn.k_norm.weight", c.head_size(), InitKind::ones);
  }
  list.vector(prefix + "post_attention_layernorm.weight", c.dim, InitKind::ones);
  list.linear(prefix + "mlp.gate_proj.weight", c.ffn_dim, c.dim);
  list.linear(prefix + "mlp.up_proj.weight", c.ffn_dim, c.dim);
  list.linear(prefix + "mlp.down_proj.weight", c.dim, c.ffn_dim, residual);
  if (c.mlp_bias) {
    list.vector(prefix + "mlp.gate_proj.bias", c.ffn_dim, InitKind::zeros);
    list.vector(prefix + "mlp.up_proj.bias", c.ffn_dim, InitKind::zeros);
    list.vector(prefix + "mlp.down_proj.bias", c.dim, InitKind::zeros);
  }
}

void add_adapters(SpecList& list, const ModelConfig& c, std::int64_t layer) {
  const std::string prefix = "model.layers." + std::to_string(layer) + ".";
  const std::int64_t q_width = c.heads * c.head_size(), kv_width = c.kv_heads * c.head_size();
  list.adapter(prefix + "self_attn.q_proj", q_width, c.dim, c.lora);
  list.adapter(prefix + "self_attn.k_proj", kv_width, c.dim, c.lora);
  list.adapter(prefix + "self_attn.v_proj", kv_width, c.dim, c.lora);
  list.adapter(prefix + "self_attn.o_proj", c.dim, q_width, c.lora);
  list.adapter(prefix + "mlp.gate_proj", c.ffn_dim, c.dim, c.lora);
  list.adapter(prefix + "mlp.up_proj", c.ffn_dim, c.dim, c.lora);
  list.adapter(prefix + "mlp.down_proj", c.dim, c.ffn_dim, c.lora);
}

}  // namespace

std::vector<ParameterSpec> parameter_specs(const ModelConfig& config) {
  config.check();
  SpecList list;
  list.matrix("model.embed_tokens.weight", config.embedding_rows(), config.dim, 0.02);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) add_layer(list, config, layer);
  list.vector("model.norm.weight", config.dim, InitKind::ones);
  if (config.lm_head && !config.tied)
    list.matrix("lm_head.weight", config.embedding_rows(), config.dim, 0.02);
  if (config.frozen_backbone) {
    list.freeze();
    for (std::int64_t layer = 0; layer < config.layers; ++layer) add_adapters(list, config, layer);
    list.matrix("layout_embedding.weight", config.layout_size(), config.dim, 0.02);
    if (config.lm_head && !config.tied)
      list.matrix("layout_head.weight", config.layout_size(), config.dim, 0.02);
  }
  if (config.lm_head && config.layout_head == LayoutHeadKind::pointer) {
    list.linear("pointer_head.q.weight", config.dim, config.dim);
    list.linear("pointer_head.k.weight", config.dim, config.dim);
  }
  if (config.value_head) list.scalar_head("value", config.dim);
  for (const std::string& name : config.scalar_heads) list.scalar_head(name, config.dim);
  return std::move(list).sorted();
}

std::int64_t parameter_count(const ModelConfig& config) {
  std::int64_t total = 0;
  for (const ParameterSpec& spec : parameter_specs(config)) {
    std::int64_t size = 1;
    for (const std::int64_t extent : spec.shape) size *= extent;
    total += size;
  }
  return total;
}

}  // namespace pagewright
