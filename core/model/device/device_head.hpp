#pragma once
// Pointer scores and log-probs over allowed sets in ATen's operators (Note [Operators],
// core/model/device/operator_choice.hpp).

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/layout_head.hpp"

namespace pagewright::device {

/// As add_pointer_scores, of which it takes the checked arguments: `most` is the number of candidates of the
/// largest prompt.
at::Tensor add_pointer_scores(const at::Tensor& logits /* [R, columns] */,
                              const at::Tensor& query /* [R, dim] */, const at::Tensor& keys /* [C, dim] */,
                              const TargetRows& targets, std::int64_t first_column, std::int64_t most);

/// As allowed_log_softmax, of which it takes checked targets. An entry that is not allowed has neither
/// probability nor gradient, exactly.
LayoutLogProbs allowed_log_softmax(const at::Tensor& logits /* [R, columns] */, const TargetRows& targets,
                                   double temperature);

}  // namespace pagewright::device
