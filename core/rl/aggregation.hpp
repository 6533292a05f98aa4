#pragma once
// How terms per token become one loss: an algorithm choice, made by name.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// token_mean: every token counts the same. seq_mean_token_mean: every page counts the same, its tokens are
/// averaged. seq_mean_token_sum: every page counts with the sum of its tokens. seq_mean_token_sum_norm: the
/// same divided by a constant length.
enum class LossAggregation { token_mean, seq_mean_token_sum, seq_mean_token_mean, seq_mean_token_sum_norm };

/// Counts over the whole mini-batch, all lanes and ranks: dividing by a lane's own counts would weigh lanes
/// wrongly.
struct GlobalCounts {
  double tokens = 0;
  double sequences = 0;        ///< sequences with at least one token
  double length_constant = 1;  ///< divisor of seq_mean_token_sum_norm: the longest page of the schema
};

/// Weight of every token of the sequences of the given lengths, concatenated [sum of lengths], such that the
/// loss is the sum of weight * term over all tokens of all lanes. Sequences of length 0 have no tokens and no
/// weight.
std::vector<double> token_weights(LossAggregation mode, std::span<const std::int64_t> lengths,
                                  const GlobalCounts& counts);

/// sum_i weights[i] * terms[i], added in index order in double by one thread and rounded once, so that the
/// bits depend on nothing else; differentiable in `terms` [N] (float or double). Terms of weight 0 are left
/// out, NaN included.
at::Tensor weighted_sum(const at::Tensor& terms, std::span<const double> weights /* [N] */);

}  // namespace pagewright
