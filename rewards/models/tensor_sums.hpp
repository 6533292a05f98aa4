#pragma once
// Small helpers between vectors and tensors, and sums whose order is fixed.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "rewards/models/page_batch.hpp"

namespace pagewright {

/// A copy of the values with type and device of `like`, [n].
at::Tensor tensor_like(std::span<const float> values, const at::Tensor& like);
/// x at the given places, [n].
at::Tensor select_values(const at::Tensor& x, std::span<const std::int64_t> places);
/// Sums of slot values by page, [S] -> [pages], added in slot order.
at::Tensor sum_by_page(const at::Tensor& slots, const PageBatch& batch);

}  // namespace pagewright
