#pragma once
// Differentiable functions of rows: embedding, gathering, norm, rotary positions, activation. Row-invariant
// (Note [Row invariance], core/model/row_linear.hpp); float or double.

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/batch_plan.hpp"

namespace pagewright {

/// Sum of the embeddings of each row's ids, in their order, [rows, dim]. The gradient adds rows first to
/// last. With `layout`, ids from base.size(0) on are its rows.
at::Tensor embed_rows(const at::Tensor& base /* [vocab or layout_begin, dim] */,
                      const at::Tensor& layout /* [layout_size, dim] or undefined */,
                      const BatchPlanPtr& plan);

/// x at the given rows, [R, dim]; the gradient adds in the order of `rows`.
at::Tensor gather_rows(const at::Tensor& x /* [n, dim] */, std::span<const std::int64_t> rows);

/// Root-mean-square norm (Zhang and Sennrich 2019) of each row: x / sqrt(mean(x^2) + eps) * weight.
at::Tensor rms_norm_rows(const at::Tensor& x /* [n, dim] */, const at::Tensor& weight /* [dim] */,
                         double eps);

/// Rotates each head by its row's position, halves against each other as Hugging Face does.
at::Tensor rope_rows(const at::Tensor& x /* [rows, heads * head_size] */, const BatchPlanPtr& plan);

/// silu(gate) * up, elementwise.
at::Tensor swiglu_rows(const at::Tensor& gate, const at::Tensor& up);

/// One row of rope_rows out of place (direction 1), or its transpose (direction -1). cosine, sine: [head_size
/// / 2].
template <class T>
void rotate_row(std::int64_t width, std::int64_t half, const T* cosine, const T* sine, T direction,
                const T* x, T* y);

/// The matrices of embed_rows, of type T or bfloat16; the tensors must outlive it.
template <class T>
class EmbeddingRows {
 public:
  EmbeddingRows(const at::Tensor& base, const at::Tensor& layout);
  /// One row of embed_rows, out [dim].
  void embed(std::span<const TokenId> bag, T* out) const;

 private:
  struct Matrix {
    explicit Matrix(const at::Tensor& values);
    const T* wide = nullptr;
    const c10::BFloat16* narrow = nullptr;
  };
  template <class Take>
  void with_row(TokenId id, const Take& take) const;

  std::int64_t dim_, layout_begin_;
  Matrix base_, layout_;
};

}  // namespace pagewright
