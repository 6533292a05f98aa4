#pragma once
// Leaves of a lane's graph whose gradients go into its flat buffer.

#include <cstddef>

#include <ATen/core/Tensor.h>

#include "distributed/sharding/gradient_reducer.hpp"

namespace pagewright {

/// A leaf with these values, whose gradient is added to the slot's place in the lane's buffer. The values are
/// flat [numel] or have the slot's shape; the leaf has the slot's shape.
at::Tensor lane_leaf(const at::Tensor& values, const FlatSlot& slot, const LaneGradient& gradient);

/// Calls gradient.on_slot(slot) when the leaf's gradient is complete; `gradient` must outlive the leaf.
void add_slot_hook(const at::Tensor& leaf, const LaneGradient& gradient, std::size_t slot);

}  // namespace pagewright
