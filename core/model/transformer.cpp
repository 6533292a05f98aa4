#include "core/model/transformer.hpp"

#include <ATen/core/grad_mode.h>

#include "core/base/error.hpp"
#include "core/model/device/device_plan.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer_layer.hpp"

namespace pagewright {

at::Tensor layout_embedding(const WeightsView& weights) {
  return weights.config().frozen_backbone ? weights.at("layout_embedding.weight") : at::Tensor();
}

at::Tensor hidden_states(const WeightsView& weights, const Batch& batch,
                         std::vector<LayerKeysValues>* captured) {
  const ModelConfig& config = weights.config();
  const at::Tensor& embedding = weights.at("model.embed_tokens.weight");
  const BatchPlanPtr plan = plan_batch_for(config, batch, embedding);
  at::Tensor x = embed_rows(embedding, layout_embedding(weights), plan);
  if (weights.layers())
    require(at::GradMode::is_enabled() && !captured,
            "these weights are lent layer by layer: they are for training alone");
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    if (weights.layers()) {
      x = checkpointed_layer(weights.layers(), layer, plan, x);
      continue;
    }
    LayerKeysValues kv;
    x = transformer_layer(weights, layer, plan, x, captured ? &kv : nullptr);
    if (captured) captured->push_back(std::move(kv));
  }
  return rms_norm_rows(x, weights.at("model.norm.weight"), config.norm_eps);
}

at::Tensor hidden_states(const WeightsView& weights, const Batch& batch) {
  return hidden_states(weights, batch, nullptr);
}

}  // namespace pagewright
