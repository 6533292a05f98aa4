#pragma once
// The linear layer.

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Note [Row invariance]
/// A row's bits depend on the row's own prefix alone: not on the rows beside it, not on the size of the
/// batch, not on whether its prompt is shared, and not on whether earlier positions came from a cache. So
/// rollout, scoring and learner agree exactly, and pages may be batched as convenient. It holds because every
/// kernel is one loop over a row's own elements whose order is fixed by the shapes of the model:
/// - products: each output element is a chain of multiply-adds over the depth, first to last, from the bias
/// (gemm.inl);
///   tiles and panels decide when an element is computed, never how;
/// - norms, softmax, activations: sixteen lanes and one fixed tree over the elements of the row;
/// - attention: the j-th key of a row's walk (parent first, then its own segment) lies in lane j % 16,
/// wherever its
///   memory is; lanes beyond the last key, and before the first within a sliding window, add an exact zero;
/// - rotary positions: a row is turned by its own position, whatever follows (rope_table.hpp).
/// Cached decoding calls the same compiled kernels. Gradients need no such property, only one order: each
/// weight gradient is one sum over the rows of one call, first row to last, on one thread.

/// y = x W^T + bias, [n, m]. Differentiable in all three. x is float or double; weight and bias are of the
/// same type or bfloat16, which is widened inside the call. Its gradients are of the type of x: a leaf of
/// bfloat16 that shall get them unrounded needs set_grad_dtype().
at::Tensor row_linear(const at::Tensor& x /* [n, k] */, const at::Tensor& weight /* [m, k] */,
                      const at::Tensor& bias = {} /* [m] or undefined */);

/// y = x W[first, first + rows)^T, [n, rows]; the gradient of W, [m, k], is zero elsewhere, and of the type
/// of x.
at::Tensor row_linear_rows(const at::Tensor& x /* [n, k] */, const at::Tensor& weight /* [m, k] */,
                           std::int64_t first, std::int64_t rows);

}  // namespace pagewright
