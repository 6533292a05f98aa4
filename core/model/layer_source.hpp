#pragma once
// Where the forward pass gets a layer's parameters from when it does not keep what the layer computes.

#include <cstdint>

#include "core/model/weights_view.hpp"

namespace pagewright {

enum class LayerPass { forward, backward };

/// Note [Activation checkpointing]
/// With a LayerSource in its WeightsView, hidden_states() keeps the input of each layer and nothing else of
/// what the layer computes. The backward pass computes the layer again, from the same input with the same
/// kernels, so that gradients have the same bits (Chen et al. 2016, "Training Deep Nets with Sublinear
/// Memory Cost"). Between a layer's forward and its backward nobody holds its parameters: they may be away
/// (ZeRO stage 3). Gradients of a layer's parameters arrive in the leaves that the source lends, not through
/// the outer graph.
class LayerSource {
 public:
  virtual ~LayerSource() = default;
  /// Lends the parameters of a layer, by their full names: forward from layer 0 up, then backward from the
  /// last layer down. In the backward pass they are leaves that require gradients. Waits until they are
  /// there.
  virtual WeightsView acquire(std::int64_t layer, LayerPass pass) = 0;
  /// They are not used any more in this pass.
  virtual void release(std::int64_t layer, LayerPass pass) = 0;
};

}  // namespace pagewright
