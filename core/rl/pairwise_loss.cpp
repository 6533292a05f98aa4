#include "core/rl/pairwise_loss.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/log_sigmoid.h>

#include "core/base/error.hpp"

namespace pagewright {

at::Tensor bradley_terry_terms(const at::Tensor& preferred, const at::Tensor& rejected,
                               const at::Tensor& margin, double label_smoothing) {
  require(label_smoothing >= 0 && label_smoothing < 0.5, "label smoothing must be in [0, 0.5), not {}",
          label_smoothing);
  at::Tensor difference = preferred - rejected;
  if (margin.defined()) difference = difference - margin;
  const at::Tensor right = -at::log_sigmoid(difference);
  if (label_smoothing == 0) return right;
  return (1 - label_smoothing) * right - label_smoothing * at::log_sigmoid(-difference);
}

at::Tensor swap_loss_terms(const at::Tensor& page_scores, const at::Tensor& swapped_scores,
                           const at::Tensor& signs) {
  return -at::log_sigmoid(signs * (page_scores - swapped_scores));
}

}  // namespace pagewright
