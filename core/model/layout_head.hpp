#pragma once
// From hidden states to log-probs of layout tokens over the allowed sets.

#include <span>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Scores of all layout tokens at the target rows, [R, structure_size + M_max] (M_max: most candidates of any prompt of
/// `targets`), fp32 (or double): h w_j, plus q(h) k(c_j) / sqrt(dim) on pointer columns with `layout_head: pointer`.
at::Tensor layout_logits(const WeightsView& weights, const at::Tensor& hidden /* [rows, dim] */,
                         const TargetRows& targets);

struct LayoutLogProbs {
  at::Tensor log_prob;  ///< [R] of the target, renormalised over the row's allowed set
  at::Tensor entropy;   ///< [R] over the allowed set, nats
};
LayoutLogProbs layout_log_probs(const WeightsView& weights, const at::Tensor& hidden, const TargetRows& targets,
                                double temperature = 1.0);

/// A scalar head at the given rows, [R]: `name` is "value" or one of ModelConfig::scalar_heads.
at::Tensor scalar_head(const WeightsView& weights, std::string_view name, const at::Tensor& hidden,
                       std::span<const std::int64_t> rows);

}  // namespace pagewright
