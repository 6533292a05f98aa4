#pragma once
// Log-softmax over the allowed entries of each row.

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/layout_head.hpp"

namespace pagewright {

/// Log-probs of the targets and entropies of softmax(logits[r, allowed of r] / temperature), both [R].
/// Exactly 0 where one entry is allowed. Differentiable in `logits` through both. Throws Error for an empty
/// allowed set or a target outside it.
LayoutLogProbs allowed_log_softmax(const at::Tensor& logits /* [R, columns] */, const TargetRows& targets,
                                   double temperature);

/// The same arithmetic for one row: writes the log-probs of all allowed entries, [allowed.size()], returns
/// the entropy.
template <class T>
T allowed_log_softmax_row(const T* logits, std::span<const std::int32_t> allowed, T temperature,
                          T* log_probs);

}  // namespace pagewright
