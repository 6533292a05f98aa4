#pragma once
// The forward pass: a plain function over named views, differentiable by autograd when the views require
// gradients.

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Hidden states after the final norm, [rows, dim], rows in batch order. Row-invariant: a row's bits depend
/// on its own segment's prefix and its parent alone (Note [Row invariance], core/model/row_linear.hpp). float
/// or double weights.
at::Tensor hidden_states(const WeightsView& weights, const Batch& batch);

/// Embeddings of the layout tokens, [layout_size, dim], where they lie apart (Note [Frozen backbone]); else
/// undefined.
at::Tensor layout_embedding(const WeightsView& weights);

/// Keys (rotated) and values of one layer, [rows, kv_heads * head_size].
struct LayerKeysValues {
  at::Tensor keys, values;
};

/// The same, and what a cache needs: `captured` receives one entry a layer.
at::Tensor hidden_states(const WeightsView& weights, const Batch& batch,
                         std::vector<LayerKeysValues>* captured);

}  // namespace pagewright
