#include "core/model/transformer.hpp"

#include <string>

#include <ATen/ops/add.h>

#include "core/model/attention.hpp"
#include "core/model/batch_plan.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/row_linear.hpp"

namespace pagewright {
namespace {

/// Parameters of one layer by their short names.
class LayerWeights {
 public:
  LayerWeights(const WeightsView& weights, std::int64_t layer)
      : weights_(weights), prefix_("model.layers." + std::to_string(layer) + ".") {}
  const at::Tensor& at(const char* name) const { return weights_.at(prefix_ + name); }
  at::Tensor linear(const char* module, const at::Tensor& x, bool biased) const {
    const std::string name = prefix_ + module;
    return row_linear(x, weights_.at(name + ".weight"), biased ? weights_.at(name + ".bias") : at::Tensor());
  }

 private:
  const WeightsView& weights_;
  std::string prefix_;
};

at::Tensor norm_heads(const at::Tensor& x, const at::Tensor& weight, const ModelConfig& config) {
  return rms_norm_rows(x.view({-1, config.head_size()}), weight, config.norm_eps).view(x.sizes());
}

at::Tensor attention_block(const LayerWeights& layer, const ModelConfig& config, const BatchPlanPtr& plan,
                           const at::Tensor& x, LayerKeysValues& kv) {
  const at::Tensor input = rms_norm_rows(x, layer.at("input_layernorm.weight"), config.norm_eps);
  at::Tensor query = layer.linear("self_attn.q_proj", input, config.qkv_bias);
  at::Tensor key = layer.linear("self_attn.k_proj", input, config.qkv_bias);
  const at::Tensor value = layer.linear("self_attn.v_proj", input, config.qkv_bias);
  if (config.qk_norm) {
    query = norm_heads(query, layer.at("self_attn.q_norm.weight"), config);
    key = norm_heads(key, layer.at("self_attn.k_norm.weight"), config);
  }
  kv = {rope_rows(key, plan), value};
  const at::Tensor mixed =
      segment_attention(rope_rows(query, plan), kv.keys, kv.values, config.head_size(), plan);
  return at::add(x, layer.linear("self_attn.o_proj", mixed, false));
}

at::Tensor feed_forward_block(const LayerWeights& layer, const ModelConfig& config, const at::Tensor& x) {
  const at::Tensor input = rms_norm_rows(x, layer.at("post_attention_layernorm.weight"), config.norm_eps);
  const at::Tensor gate = layer.linear("mlp.gate_proj", input, false);
  const at::Tensor up = layer.linear("mlp.up_proj", input, false);
  return at::add(x, layer.linear("mlp.down_proj", swiglu_rows(gate, up), false));
}

}  // namespace

at::Tensor hidden_states(const WeightsView& weights, const Batch& batch,
                         std::vector<LayerKeysValues>* captured) {
  const ModelConfig& config = weights.config();
  const at::Tensor& embedding = weights.at("model.embed_tokens.weight");
  const BatchPlanPtr plan = plan_batch(config, batch, embedding.scalar_type());
  at::Tensor x = embed_rows(embedding, plan);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const LayerWeights layer(weights, i);
    LayerKeysValues kv;
    x = attention_block(layer, config, plan, x, kv);
    x = feed_forward_block(layer, config, x);
    if (captured) captured->push_back(std::move(kv));
  }
  return rms_norm_rows(x, weights.at("model.norm.weight"), config.norm_eps);
}

at::Tensor hidden_states(const WeightsView& weights, const Batch& batch) {
  return hidden_states(weights, batch, nullptr);
}

}  // namespace pagewright
