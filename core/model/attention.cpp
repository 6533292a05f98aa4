#include "core/model/attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/error.hpp"
#include "core/model/device/device_plan.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"

namespace pagewright {

template <class T>
void transpose_keys(std::int64_t count, std::int64_t head_size, const T* rows, std::int64_t row_stride,
                    T* out, std::int64_t stride) {
  for (std::int64_t j = 0; j < count; ++j)
    for (std::int64_t d = 0; d < head_size; ++d) out[d * stride + j] = rows[j * row_stride + d];
}
template void transpose_keys<float>(std::int64_t, std::int64_t, const float*, std::int64_t, float*,
                                    std::int64_t);
template void transpose_keys<double>(std::int64_t, std::int64_t, const double*, std::int64_t, double*,
                                     std::int64_t);

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// A transposed copy of one head's rows for the segment at hand: parent's rows, those of a shared prefix,
/// then its own. Children of one parent follow each other, so the parent's part is kept while it is the same.
template <class T>
class WalkTranspose {
 public:
  WalkTranspose(const T* rows, std::int64_t row_stride, std::int64_t head_size, std::int64_t longest)
      : rows_(rows),
        row_stride_(row_stride),
        head_size_(head_size),
        stride_(padded_to_lanes(longest)),
        data_(static_cast<std::size_t>(head_size * stride_)) {}

  void move_to(const SegmentSpan& segment) {
    if (segment.parent_size > 0 && segment.parent_begin != parent_)
      transpose_keys(segment.parent_size, head_size_, rows_ + segment.parent_begin * row_stride_, row_stride_,
                     data_.data(), stride_);
    parent_ = segment.parent_size > 0 ? segment.parent_begin : -1;
    transpose_keys(segment.shared_size, head_size_, rows_ + segment.shared_begin * row_stride_, row_stride_,
                   data_.data() + segment.parent_size, stride_);
    transpose_keys(segment.size, head_size_, rows_ + segment.begin * row_stride_, row_stride_,
                   data_.data() + segment.before(), stride_);
  }
  const T* data() const { return data_.data(); }
  std::int64_t stride() const { return stride_; }

 private:
  const T* rows_;
  std::int64_t row_stride_, head_size_, stride_;
  std::int64_t parent_ = -1;
  std::vector<T> data_;  // [head_size, stride]
};

/// One head's value rows before a segment's own, at a stride: the parent's as they lie, or with a shared
/// prefix a copy of both, since the kernels read two runs of rows.
template <class T>
class RowsBefore {
 public:
  RowsBefore(const T* rows, std::int64_t row_stride, std::int64_t head_size)
      : rows_(rows), row_stride_(row_stride), head_size_(head_size) {}

  const T* of(const SegmentSpan& segment) {
    if (segment.shared_size == 0) return rows_ + segment.parent_begin * row_stride_;
    copy_.resize(static_cast<std::size_t>(segment.before() * row_stride_));
    copy(segment.parent_begin, segment.parent_size, 0);
    copy(segment.shared_begin, segment.shared_size, segment.parent_size);
    return copy_.data();
  }

 private:
  void copy(std::int64_t begin, std::int64_t count, std::int64_t to) {
    for (std::int64_t j = 0; j < count; ++j)
      std::copy_n(rows_ + (begin + j) * row_stride_, head_size_, copy_.data() + (to + j) * row_stride_);
  }

  const T* rows_;
  std::int64_t row_stride_, head_size_;
  std::vector<T> copy_;  // [rows before, row_stride], one head's columns filled
};

struct HeadShape {
  std::int64_t head_size, heads, kv_heads;
  std::int64_t window;  ///< 0: none
  std::int64_t group() const { return heads / kv_heads; }
};

/// First key of the walk that row i of a segment sees: positions grow along the walk.
std::int64_t first_key(const BatchPlan& plan, const SegmentSpan& segment, std::int64_t i,
                       std::int64_t window) {
  if (window == 0) return 0;
  const auto position = [&](std::int64_t row) { return plan.positions[static_cast<std::size_t>(row)]; };
  const std::int64_t oldest = position(segment.begin + i) - window + 1, own = position(segment.begin);
  if (oldest >= own - segment.shared_size) return segment.before() + (oldest - own);
  if (segment.parent_size == 0) return 0;
  return std::clamp(oldest - position(segment.parent_begin), std::int64_t{0}, segment.parent_size);
}

template <class T>
void attend_segments(const BatchPlan& plan, const HeadShape& shape, const T* q, const T* k, const T* v,
                     T* out, T* lse) {
  const std::int64_t size = shape.head_size, q_width = shape.heads * size, kv_width = shape.kv_heads * size;
  const T scale = T(1) / std::sqrt(static_cast<T>(size));
  std::vector<T> scratch(static_cast<std::size_t>(padded_to_lanes(plan.longest_walk) + size));
  for (std::int64_t kv = 0; kv < shape.kv_heads; ++kv) {
    WalkTranspose<T> keys_t(k + kv * size, kv_width, size, plan.longest_walk);
    RowsBefore<T> values_before(v + kv * size, kv_width, size);
    for (const SegmentSpan& segment : plan.segments) {
      keys_t.move_to(segment);
      AttentionKeys<T> keys;
      keys.keys[0] = keys_t.data(), keys.key_stride[0] = keys_t.stride();
      keys.chunk_split = std::numeric_limits<std::int64_t>::max() / kLanes;
      keys.values[0] = values_before.of(segment);
      keys.values[1] = v + segment.begin * kv_width + kv * size;
      keys.value_stride = kv_width, keys.row_split = segment.before();
      for (std::int64_t i = 0; i < segment.size; ++i) {
        keys.count = segment.before() + i + 1;
        keys.first = first_key(plan, segment, i, shape.window);
        for (std::int64_t h = kv * shape.group(); h < (kv + 1) * shape.group(); ++h) {
          const std::int64_t row = segment.begin + i, at = row * q_width + h * size;
          lse[row * shape.heads + h] =
              kernels<T>().attention_row(size, scale, q + at, keys, out + at, scratch.data());
        }
      }
    }
  }
}

/// One head's columns of a matrix, row after row: rows of a few elements at a wide stride would share few
/// sets of the cache.
template <class T>
class HeadColumns {
 public:
  HeadColumns(std::int64_t rows, std::int64_t row_stride, std::int64_t head_size)
      : rows_(rows),
        row_stride_(row_stride),
        head_size_(head_size),
        data_(static_cast<std::size_t>(rows * head_size)) {}

  void take(const T* columns) {
    for (std::int64_t row = 0; row < rows_; ++row)
      std::copy_n(columns + row * row_stride_, head_size_, at(row));
  }
  void put(T* columns) const {
    for (std::int64_t row = 0; row < rows_; ++row)
      std::copy_n(data_.data() + row * head_size_, head_size_, columns + row * row_stride_);
  }
  void clear() { std::ranges::fill(data_, T(0)); }
  T* at(std::int64_t row) { return data_.data() + row * head_size_; }

 private:
  std::int64_t rows_, row_stride_, head_size_;
  std::vector<T> data_;  // [rows, head_size]
};

template <class T>
struct AttentionTensors {
  const T *q, *k, *v, *out, *lse, *grad_out;
  T *grad_q, *grad_k, *grad_v;
};

template <class T>
void attend_segments_grad(const BatchPlan& plan, const HeadShape& shape, std::int64_t rows,
                          const AttentionTensors<T>& t) {
  const std::int64_t size = shape.head_size, q_width = shape.heads * size, kv_width = shape.kv_heads * size;
  std::vector<T> scratch(static_cast<std::size_t>(2 * padded_to_lanes(plan.longest_walk)));
  AttentionRowGrad<T> g;
  g.scale = T(1) / std::sqrt(static_cast<T>(size));
  g.head_dim = g.row_stride = size, g.scratch = scratch.data();
  HeadColumns<T> keys(rows, kv_width, size), grad_keys = keys, grad_values = keys;
  for (std::int64_t kv = 0; kv < shape.kv_heads; ++kv) {
    WalkTranspose<T> keys_t(t.k + kv * size, kv_width, size, plan.longest_walk);
    WalkTranspose<T> values_t(t.v + kv * size, kv_width, size, plan.longest_walk);
    keys.take(t.k + kv * size);
    grad_keys.clear();
    grad_values.clear();
    for (const SegmentSpan& segment : plan.segments) {
      require(segment.shared_size == 0, "a batch with shared prefixes cannot be differentiated");
      keys_t.move_to(segment);
      values_t.move_to(segment);
      g.keys_t = keys_t.data(), g.values_t = values_t.data(), g.t_stride = keys_t.stride();
      g.row_split = segment.parent_size;
      const std::int64_t begins[2] = {segment.parent_begin, segment.begin};
      for (int part = 0; part < 2; ++part) {
        g.key_rows[part] = keys.at(begins[part]);
        g.grad_key_rows[part] = grad_keys.at(begins[part]);
        g.grad_value_rows[part] = grad_values.at(begins[part]);
      }
      for (std::int64_t i = 0; i < segment.size; ++i) {
        g.count = segment.parent_size + i + 1;
        g.first = first_key(plan, segment, i, shape.window);
        for (std::int64_t h = kv * shape.group(); h < (kv + 1) * shape.group(); ++h) {
          const std::int64_t row = segment.begin + i, at = row * q_width + h * size;
          g.query = t.q + at, g.out = t.out + at, g.grad_out = t.grad_out + at, g.grad_query = t.grad_q + at;
          g.log_sum_exp = t.lse[row * shape.heads + h];
          kernels<T>().attention_row_grad(g);
        }
      }
    }
    grad_keys.put(t.grad_k + kv * size);
    grad_values.put(t.grad_v + kv * size);
  }
}

HeadShape head_shape(const at::Tensor& query, const at::Tensor& key, std::int64_t head_size,
                     std::int64_t window) {
  return {head_size, query.size(1) / head_size, key.size(1) / head_size, window};
}

struct SegmentAttention : torch::autograd::Function<SegmentAttention> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q_in, const at::Tensor& k_in,
                            const at::Tensor& v_in, std::int64_t head_size, const BatchPlanPtr& plan,
                            std::int64_t window) {
    const at::Tensor q = q_in.contiguous(), k = k_in.contiguous(), v = v_in.contiguous();
    const HeadShape shape = head_shape(q, k, head_size, window);
    at::Tensor out = at::empty_like(q), lse = at::empty({q.size(0), shape.heads}, q.options());
    dispatch_real(q, "attention", [&](auto zero) {
      using T = decltype(zero);
      attend_segments<T>(*plan, shape, q.const_data_ptr<T>(), k.const_data_ptr<T>(), v.const_data_ptr<T>(),
                         out.mutable_data_ptr<T>(), lse.mutable_data_ptr<T>());
    });
    ctx->save_for_backward({q, k, v, out, lse});
    ctx->saved_data["plan"] = c10::IValue::make_capsule(plan);
    ctx->saved_data["head_size"] = head_size;
    ctx->saved_data["window"] = window;
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list s = ctx->get_saved_variables();
    const auto plan = c10::static_intrusive_pointer_cast<BatchPlan>(ctx->saved_data["plan"].toCapsule());
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_q = at::empty_like(s[0]), grad_k = at::empty_like(s[1]), grad_v = at::empty_like(s[2]);
    const HeadShape shape =
        head_shape(s[0], s[1], ctx->saved_data["head_size"].toInt(), ctx->saved_data["window"].toInt());
    dispatch_real(grad, "attention", [&](auto zero) {
      using T = decltype(zero);
      attend_segments_grad<T>(
          *plan, shape, s[1].size(0),
          {s[0].const_data_ptr<T>(), s[1].const_data_ptr<T>(), s[2].const_data_ptr<T>(),
           s[3].const_data_ptr<T>(), s[4].const_data_ptr<T>(), grad.const_data_ptr<T>(),
           grad_q.mutable_data_ptr<T>(), grad_k.mutable_data_ptr<T>(), grad_v.mutable_data_ptr<T>()});
    });
    return {grad_q, grad_k, grad_v, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor segment_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                             std::int64_t head_size, const BatchPlanPtr& plan, std::int64_t window) {
  if (plan->device) return plan->device->attend->attend(query, key, value, head_size, window);
  return SegmentAttention::apply(query, key, value, head_size, plan, window);
}

}  // namespace pagewright
