#pragma once
// Attention over segments with shared parents.

#include <ATen/core/Tensor.h>

#include "core/model/batch_plan.hpp"

namespace pagewright {

/// Row i of a segment attends to all rows of the parent, then to those of a prefix that it shares with a
/// sibling, then to rows 0..i of its own segment; query head h
/// reads key-value head h / (heads / kv_heads). softmax(q k^T / sqrt(head_size)) v, [rows, heads *
/// head_size]. With a window, the row at position p sees keys at positions above p - window alone, in the
/// parent as in its own segment; 0: all. Differentiable; the backward recomputes the weights from the saved
/// log-sum-exp and throws Error where a prefix is shared. A parent's gradient is the sum over its children in
/// segment order.
at::Tensor segment_attention(const at::Tensor& query /* [rows, heads * head_size] */,
                             const at::Tensor& key /* [rows, kv_heads * head_size] */,
                             const at::Tensor& value /* [rows, kv_heads * head_size] */,
                             std::int64_t head_size, const BatchPlanPtr& plan, std::int64_t window = 0);

/// out[d * stride + j] = rows[j * row_stride + d] for j < count: keys of one head as the kernels read them.
template <class T>
void transpose_keys(std::int64_t count, std::int64_t head_size, const T* rows, std::int64_t row_stride,
                    T* out, std::int64_t stride);

}  // namespace pagewright
