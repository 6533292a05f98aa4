#include "core/model/transformer_layer.hpp"

#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/add.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/error.hpp"
#include "core/model/attention.hpp"
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
    const at::Tensor y =
        row_linear(x, weights_.at(name + ".weight"), biased ? weights_.at(name + ".bias") : at::Tensor());
    const LoraConfig& lora = weights_.config().lora;
    if (!lora.adapts(module)) return y;
    const at::Tensor narrow = at::mul(row_linear(x, weights_.at(name + ".lora_A.weight")), lora.scale());
    return at::add(y, row_linear(narrow, weights_.at(name + ".lora_B.weight")));
  }

 private:
  const WeightsView& weights_;
  std::string prefix_;
};

at::Tensor norm_heads(const at::Tensor& x, const at::Tensor& weight, const ModelConfig& config) {
  return rms_norm_rows(x.view({-1, config.head_size()}), weight, config.norm_eps).view(x.sizes());
}

at::Tensor attention_block(const LayerWeights& layer, const ModelConfig& config, std::int64_t window,
                           const BatchPlanPtr& plan, const at::Tensor& x, LayerKeysValues& kv) {
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
      segment_attention(rope_rows(query, plan), kv.keys, kv.values, config.head_size(), plan, window);
  return at::add(x, layer.linear("self_attn.o_proj", mixed, config.output_bias));
}

at::Tensor feed_forward_block(const LayerWeights& layer, const ModelConfig& config, const at::Tensor& x) {
  const at::Tensor input = rms_norm_rows(x, layer.at("post_attention_layernorm.weight"), config.norm_eps);
  const at::Tensor gate = layer.linear("mlp.gate_proj", input, config.mlp_bias);
  const at::Tensor up = layer.linear("mlp.up_proj", input, config.mlp_bias);
  return at::add(x, layer.linear("mlp.down_proj", swiglu_rows(gate, up), config.mlp_bias));
}

/// What a checkpointed layer remembers besides its input.
struct LayerCall : torch::CustomClassHolder {
  std::shared_ptr<LayerSource> source;
  std::int64_t layer = 0;
  BatchPlanPtr plan;
};
using LayerCallPtr = c10::intrusive_ptr<LayerCall>;

/// A layer's parameters for as long as the object lives.
class LayerLoan {
 public:
  LayerLoan(const LayerCall& call, LayerPass pass)
      : call_(call), pass_(pass), weights_(call.source->acquire(call.layer, pass)) {}
  ~LayerLoan() { call_.source->release(call_.layer, pass_); }
  LayerLoan(const LayerLoan&) = delete;
  LayerLoan& operator=(const LayerLoan&) = delete;
  at::Tensor run(const at::Tensor& x) const {
    return transformer_layer(weights_, call_.layer, call_.plan, x, nullptr);
  }

 private:
  const LayerCall& call_;
  LayerPass pass_;
  WeightsView weights_;
};

struct CheckpointedLayer : torch::autograd::Function<CheckpointedLayer> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x,
                            const LayerCallPtr& call) {
    ctx->save_for_backward({x});
    ctx->saved_data["call"] = c10::IValue::make_capsule(call);
    return LayerLoan(*call, LayerPass::forward).run(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& grads) {
    const auto call = c10::static_intrusive_pointer_cast<LayerCall>(ctx->saved_data["call"].toCapsule());
    at::Tensor x = ctx->get_saved_variables()[0].detach();
    x.requires_grad_(true);
    const LayerLoan loan(*call, LayerPass::backward);
    const at::AutoGradMode with_gradients(true);
    torch::autograd::backward({loan.run(x)}, {grads[0]});
    return {x.grad(), {}};
  }
};

}  // namespace

at::Tensor transformer_layer(const WeightsView& weights, std::int64_t layer, const BatchPlanPtr& plan,
                             const at::Tensor& x, LayerKeysValues* captured) {
  const LayerWeights own(weights, layer);
  LayerKeysValues kv;
  const ModelConfig& config = weights.config();
  at::Tensor y = attention_block(own, config, config.window(layer), plan, x, kv);
  if (captured) *captured = std::move(kv);
  return feed_forward_block(own, config, y);
}

at::Tensor checkpointed_layer(std::shared_ptr<LayerSource> source, std::int64_t layer,
                              const BatchPlanPtr& plan, const at::Tensor& x) {
  require(x.requires_grad(), "layer {}: its input has no gradient, so that its parameters would get none",
          layer);
  const auto call = c10::make_intrusive<LayerCall>();
  call->source = std::move(source);
  call->layer = layer;
  call->plan = plan;
  return CheckpointedLayer::apply(x, call);
}

}  // namespace pagewright
