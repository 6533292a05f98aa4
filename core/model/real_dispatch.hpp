#pragma once
// From a tensor's dtype to a template argument, for the two dtypes that run on CPU.

#include <ATen/core/Tensor.h>

#include "core/base/error.hpp"

namespace pagewright {

/// What is computed from parameters of this dtype: float from bfloat16, otherwise the same.
inline at::ScalarType activation_type(const at::Tensor& parameter) {
  return parameter.scalar_type() == at::kBFloat16 ? at::kFloat : parameter.scalar_type();
}

/// Calls action(float{}) or action(double{}); another dtype is an Error that names `what`.
template <class Action>
void dispatch_real(const at::Tensor& tensor, const char* what, Action&& action) {
  if (tensor.scalar_type() == at::kFloat) return action(float{});
  if (tensor.scalar_type() == at::kDouble) return action(double{});
  fail("{}: dtype {} does not run on CPU; use float32 or float64", what, c10::toString(tensor.scalar_type()));
}

}  // namespace pagewright
