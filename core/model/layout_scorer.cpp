#include "core/model/layout_scorer.hpp"

#include <algorithm>

#include <torch/csrc/autograd/grad_mode.h>

#include "core/base/error.hpp"
#include "core/model/attention.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/pointer_scores.hpp"
#include "core/model/row_linear.hpp"

namespace pagewright {

template <class T>
LayoutScorer<T>::LayoutScorer(const WeightsView& weights, std::span<const at::Tensor> candidates,
                              std::int64_t columns)
    : pointer_(weights.config().layout_head == LayoutHeadKind::pointer),
      dim_(weights.config().dim),
      columns_(columns),
      structure_size_(weights.config().structure_size) {
  const at::NoGradGuard no_grad;
  rows_t_ = layout_rows(weights, columns).t().to(c10::CppTypeToScalarType<T>::value).contiguous();
  if (!pointer_) return;
  query_t_ = weights.turned("pointer_head.q.weight", c10::CppTypeToScalarType<T>::value);
  std::int64_t most = 0;
  for (const at::Tensor& hidden : candidates) {
    const at::Tensor keys = row_linear(hidden, weights.at("pointer_head.k.weight"));
    PromptKeys entry{keys.size(0), padded_to_lanes(keys.size(0)), {}};
    require(structure_size_ + entry.count <= columns, "layout head: {} candidates do not fit in {} columns",
            entry.count, columns);
    entry.keys_t.resize(static_cast<std::size_t>(dim_ * entry.stride));
    transpose_keys(entry.count, dim_, keys.const_data_ptr<T>(), dim_, entry.keys_t.data(), entry.stride);
    most = std::max(most, entry.stride);
    keys_.push_back(std::move(entry));
  }
  scores_.resize(static_cast<std::size_t>(most));
}

template <class T>
void LayoutScorer<T>::score(std::span<const std::int32_t> prompts, const T* hidden, T* logits) {
  GemmOperands<T> o;
  o.rows = static_cast<std::int64_t>(prompts.size()), o.cols = columns_, o.depth = dim_;
  o.a = hidden, o.a_row = dim_;
  o.b = rows_t_.const_data_ptr<T>(), o.b_depth = columns_;
  o.c = logits, o.c_row = columns_;
  gemm(o);
  if (!pointer_) return;
  if (query_.size() < prompts.size() * static_cast<std::size_t>(dim_))
    query_.resize(prompts.size() * static_cast<std::size_t>(dim_));
  o.cols = dim_;
  o.b = query_t_.const_data_ptr<T>(), o.b_depth = dim_;
  o.c = query_.data(), o.c_row = dim_;
  gemm(o);
  for (std::size_t r = 0; r < prompts.size(); ++r) {
    const PromptKeys& keys = keys_[static_cast<std::size_t>(prompts[r])];
    const auto row = static_cast<std::int64_t>(r);
    add_pointer_scores_row(dim_, keys.count, query_.data() + row * dim_, keys.keys_t.data(), keys.stride,
                           scores_.data(), logits + row * columns_ + structure_size_);
  }
}

template class LayoutScorer<float>;
template class LayoutScorer<double>;

}  // namespace pagewright
