#pragma once
// Losses that compare: pages with pages, and a page with itself after a swap.

#include <span>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Bradley-Terry with margin and label smoothing, per pair [P], with gradient in the scores:
///   -(1 - eps) log sig(D) - eps log sig(-D),  D = preferred - rejected - margin.
/// `margin` may be undefined (0) or [P].
at::Tensor bradley_terry_terms(const at::Tensor& preferred /* [P] */, const at::Tensor& rejected /* [P] */,
                               const at::Tensor& margin, double label_smoothing);

/// Swap loss, per swap [S]: -log sig(sign * (R(page) - R(page with two slots exchanged))), where sign is +1
/// if the better item stood in the better slot and -1 if not; weigh it by |d_i - d_j| |g_i - g_j|
/// (LambdaRank's weights, Burges et al. 2006).
at::Tensor swap_loss_terms(const at::Tensor& page_scores /* [S] */,
                           const at::Tensor& swapped_scores /* [S] */, const at::Tensor& signs /* [S] */);

}  // namespace pagewright
