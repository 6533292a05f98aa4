#pragma once
// From a whole model to one on a frozen backbone (Note [Frozen backbone], core/model/model_config.hpp), and
// back.

#include "core/model/weights_view.hpp"

namespace pagewright {

/// The tensors of a whole model as a model of `config` (frozen_backbone) names them, all but the adapters:
/// rows of layout tokens apart from those before them. Views where that is possible.
WeightsView::Tensors on_frozen_backbone(const WeightsView::Tensors& whole, const ModelConfig& config);

/// The whole model that computes the same, but for rounding: adapters are added to their matrices, W + alpha
/// / rank B A in fp32 (double for double), and layout rows go back to their places. Its config is
/// ModelConfig::whole(). A model without a frozen backbone comes back as it is.
WeightsView merged_weights(const WeightsView& weights);

}  // namespace pagewright
