#pragma once
// The warm-up: weighted next-token likelihood of logged pages.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/page/page_codec.hpp"

namespace pagewright {

/// Weight of every token of a page, [T]: `slot_weights` [K] for the items, in page order, 1 for structure
/// tokens.
std::vector<double> likelihood_weights(const PageSpans& spans, std::int64_t tokens,
                                       std::span<const double> slot_weights);

/// -sum_t weights[t] * log_probs[t] / total_weight: a lane's share of the mean negative log-likelihood, where
/// `total_weight` is the sum of weights over the global batch. `log_probs` is [R].
at::Tensor likelihood_loss(const at::Tensor& log_probs, std::span<const double> weights, double total_weight);

}  // namespace pagewright
