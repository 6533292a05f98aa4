#pragma once
// From hidden states to log-probs of layout tokens over the allowed sets.

#include <span>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Scores of layout tokens at the target rows, [R, columns]: structure tokens, then items up to the most
/// candidates of any prompt of `targets` or the last one allowed anywhere. fp32 (or double): h w_j, plus q(h)
/// k(c_j) / sqrt(dim) on pointer columns with `layout_head: pointer`.
at::Tensor layout_logits(const WeightsView& weights, const at::Tensor& hidden /* [rows, dim] */,
                         const TargetRows& targets);
/// The same of the first `columns` layout tokens, at least structure_size + the most candidates of a prompt.
at::Tensor layout_logits(const WeightsView& weights, const at::Tensor& hidden /* [rows, dim] */,
                         const TargetRows& targets, std::int64_t columns);

struct LayoutLogProbs {
  at::Tensor log_prob;  ///< [R] of the target, renormalised over the row's allowed set
  at::Tensor entropy;   ///< [R] over the allowed set, nats
};
LayoutLogProbs layout_log_probs(const WeightsView& weights, const at::Tensor& hidden,
                                const TargetRows& targets, double temperature = 1.0);

/// Rows of the LM head, [embedding_rows(), dim]: lm_head.weight or the tied embedding. Throws Error for a
/// model without LM head.
const at::Tensor& lm_weight(const WeightsView& weights);

/// Scores of the whole vocabulary, [n, vocab_size], all in memory: for a few rows (text_scores.hpp for many).
at::Tensor lm_logits(const WeightsView& weights, const at::Tensor& hidden /* [n, dim] */);

/// The LM head's rows of the first `columns` layout tokens, [columns, dim]: lm_head.weight or the tied
/// embedding.
at::Tensor layout_rows(const WeightsView& weights, std::int64_t columns);

/// A scalar head at the given rows, [R]: `name` is "value" or one of ModelConfig::scalar_heads.
at::Tensor scalar_head(const WeightsView& weights, std::string_view name, const at::Tensor& hidden,
                       std::span<const std::int64_t> rows);

}  // namespace pagewright
