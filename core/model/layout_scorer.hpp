#pragma once
// The layout head row by row, for generation: the bits of layout_logits without autograd.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"

namespace pagewright {

/// Scores layout tokens for rows of a fixed set of prompts. float or double; `weights` must outlive it.
template <class T>
class LayoutScorer {
 public:
  /// `candidates[p]` are the hidden states of prompt p's candidates by place, [M, dim]; `columns` layout
  /// tokens are scored, at least structure_size + the largest M.
  LayoutScorer(const WeightsView& weights, std::span<const at::Tensor> candidates, std::int64_t columns);

  std::int64_t columns() const { return columns_; }
  /// logits [prompts.size(), columns] of hidden [prompts.size(), dim]; row r belongs to prompt prompts[r].
  void score(std::span<const std::int32_t> prompts, const T* hidden, T* logits);

 private:
  struct PromptKeys {
    std::int64_t count = 0, stride = 0;
    std::vector<T> keys_t;  // [dim, stride]
  };

  bool pointer_ = false;
  std::int64_t dim_ = 0, columns_ = 0, structure_size_ = 0;
  at::Tensor rows_t_, query_t_;  // [dim, columns], [dim, dim]
  std::vector<PromptKeys> keys_;
  std::vector<T> query_, scores_;
};

}  // namespace pagewright
