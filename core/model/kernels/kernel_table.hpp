#pragma once
// The arithmetic of the model on CPU: kernels over plain memory, compiled for several instruction sets and
// chosen once at start. See Note [Row invariance] in core/model/row_linear.hpp for what they promise.

#include <cstdint>

namespace pagewright {

/// Keys are walked in chunks of so many; per-chunk buffers are padded to it.
inline constexpr std::int64_t kLanes = 16;
constexpr std::int64_t padded_to_lanes(std::int64_t n) {
  return (n + kLanes - 1) / kLanes * kLanes;
}

/// c = a b (+ bias). Strides are in elements; `b` and `a` may be transposed views. Every element of c is one
/// chain of fused multiply-adds over the depth, first to last, whatever the sizes.
template <class T>
struct GemmOperands {
  std::int64_t rows = 0, cols = 0, depth = 0;
  const T* a = nullptr;  ///< [rows, depth]
  std::int64_t a_row = 0, a_depth = 1;
  const T* b = nullptr;  ///< [depth, cols]
  std::int64_t b_depth = 0, b_col = 1;
  const T* bias = nullptr;  ///< [cols] or null
  T* c = nullptr;           ///< [rows, cols]
  std::int64_t c_row = 0;
};

/// Keys and values of one query row and one key-value head: a first part (a parent's, or a cached prompt's)
/// and a second. Transposed keys are [head_dim, stride], 16 keys a chunk; key j of the walk lies in chunk j
/// / 16.
template <class T>
struct AttentionKeys {
  const T* keys[2] = {};  ///< transposed; chunks before `chunk_split` in the first, the others in the second
  std::int64_t key_stride[2] = {};
  std::int64_t chunk_split = 0;
  const T* values[2] =
      {};  ///< rows of head_dim; rows before `row_split` in the first, the others in the second
  std::int64_t value_stride = 0;
  std::int64_t row_split = 0;
  std::int64_t count = 0;  ///< keys of the walk up to the row's own
  std::int64_t first = 0;  ///< the row attends to keys [first, count)
};

/// One query row's share of the backward pass; adds to the rows of grad_keys and grad_values.
template <class T>
struct AttentionRowGrad {
  const T *query = nullptr, *out = nullptr, *grad_out = nullptr;  ///< [head_dim]
  T log_sum_exp = 0, scale = 1;
  std::int64_t head_dim = 0, first = 0, count = 0, row_split = 0;  ///< keys [first, count) are attended to
  const T *keys_t = nullptr, *values_t = nullptr;  ///< [head_dim, t_stride] transposed, whole walk
  std::int64_t t_stride = 0;
  const T* key_rows[2] = {};
  T* grad_key_rows[2] = {};
  T* grad_value_rows[2] = {};
  std::int64_t row_stride = 0;
  T* grad_query = nullptr;  ///< [head_dim], written
  T* scratch = nullptr;     ///< [2 * padded_to_lanes(count)]
};

template <class T>
struct KernelTable {
  /// `panel` is scratch of kGemmPanel elements, 64-byte aligned.
  void (*gemm)(const GemmOperands<T>& operands, T* panel);
  /// y = x * rstd * weight with rstd = 1 / sqrt(mean(x^2) + eps), per row; x, y [rows, dim], rstd [rows].
  void (*rms_norm)(std::int64_t rows, std::int64_t dim, const T* x, const T* weight, T eps, T* y, T* rstd);
  /// Writes grad_x, adds to grad_weight [dim] in row order.
  void (*rms_norm_grad)(std::int64_t rows, std::int64_t dim, const T* x, const T* weight, const T* rstd,
                        const T* grad_y, T* grad_x, T* grad_weight);
  /// y = silu(gate) * up, elementwise.
  void (*swiglu)(std::int64_t n, const T* gate, const T* up, T* y);
  void (*swiglu_grad)(std::int64_t n, const T* gate, const T* up, const T* grad_y, T* grad_gate, T* grad_up);
  /// Scores of chunks of 16 keys: scores[j] = sum_d query[d] keys_t[d * stride + j], j < padded count.
  void (*dot_keys)(std::int64_t head_dim, const T* query, const T* keys_t, std::int64_t stride,
                   std::int64_t count, T* scores);
  /// out [head_dim] = softmax(scale * query . keys) values; returns the log-sum-exp. `scratch`: padded count
  /// + head_dim.
  T(*attention_row)
  (std::int64_t head_dim, T scale, const T* query, const AttentionKeys<T>& keys, T* out, T* scratch);
  void (*attention_row_grad)(const AttentionRowGrad<T>& row);
  /// Log-probs [n] of logits[allowed[i]] / temperature, renormalised over the n allowed; returns the entropy.
  /// `scratch`: padded n.
  T(*log_softmax)
  (std::int64_t n, const T* logits, const std::int32_t* allowed, T temperature, T* log_probs, T* scratch);
  /// y = exp(x), elementwise.
  void (*exp)(std::int64_t n, const T* x, T* y);
};

inline constexpr std::int64_t kGemmDepthBlock = 256;
inline constexpr std::int64_t kGemmPanel = kGemmDepthBlock * 32;

/// The table of the widest instruction set that this processor has; T is float or double.
template <class T>
const KernelTable<T>& kernels();

/// "x86-64-v4", "x86-64-v3" or "baseline": part of a run's numeric fingerprint.
const char* kernel_instruction_set();

/// gemm with scratch of this thread.
template <class T>
void gemm(const GemmOperands<T>& operands);

}  // namespace pagewright
