#pragma once
// The LM head over the base vocabulary, in chunks: what the tokens before the layout tokens get, without a
// matrix [rows, vocab_size] in memory.

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Note [Text as one outcome]
/// Without the grammar a model may say any token of its vocabulary. For a page all tokens of the base
/// vocabulary are one outcome, "text": the page is lost, whichever it was. So they enter a softmax over the
/// whole vocabulary as one more logit beside those of the layout tokens, T log sum exp(z / T), which needs
/// one pass over the LM head in chunks of kTextChunk rows and gives the same log-probs of layout tokens as
/// the softmax over everything.
inline constexpr std::int64_t kTextChunk = 2048;

/// The base vocabulary's scores z at some rows, together.
struct TextScores {
  at::Tensor sum;      ///< [n] temperature * log sum exp(z / temperature); differentiable
  at::Tensor largest;  ///< [n] of z; no gradient
};

/// Scores of hidden states, float or double. At most [n, kTextChunk] scores live at once, and in the backward
/// pass, which computes them again, twice as many. Row-invariant on the CPU (Note [Row invariance],
/// core/model/row_linear.hpp). Throws Error for a model without base vocabulary or LM head.
TextScores text_scores(const WeightsView& weights, const at::Tensor& hidden /* [n, dim] */,
                       double temperature = 1.0);

/// The scores themselves, [n, layout_begin], for a few rows; the LM head is widened in chunks. No gradient.
at::Tensor text_logits(const WeightsView& weights, const at::Tensor& hidden /* [n, dim] */);

/// Log-probs of the targets, [R], renormalised over the whole vocabulary; `targets.allowed` is not looked at.
/// Gradients reach every row of the LM head.
at::Tensor whole_vocabulary_log_probs(const WeightsView& weights, const at::Tensor& hidden /* [rows, dim] */,
                                      const TargetRows& targets);

}  // namespace pagewright
