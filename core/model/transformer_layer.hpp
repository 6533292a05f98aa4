#pragma once
// One layer of the transformer.

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>

#include "core/model/batch_plan.hpp"
#include "core/model/layer_source.hpp"
#include "core/model/transformer.hpp"

namespace pagewright {

/// Attention and feed-forward of a layer on [rows, dim]; `captured` may be null.
at::Tensor transformer_layer(const WeightsView& weights, std::int64_t layer, const BatchPlanPtr& plan,
                             const at::Tensor& x, LayerKeysValues* captured);

/// The same, with parameters from `source`; keeps `x` alone for the backward pass (Note [Activation
/// checkpointing]). `x` must require a gradient.
at::Tensor checkpointed_layer(std::shared_ptr<LayerSource> source, std::int64_t layer,
                              const BatchPlanPtr& plan, const at::Tensor& x);

}  // namespace pagewright
