#pragma once
// Which of two implementations a function of the model takes: own kernels or ATen's operators.

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Note [Operators]
/// The functions of the model (row_functions.hpp, row_linear.hpp, attention.hpp, pointer_scores.hpp,
/// allowed_softmax.hpp) have two implementations behind one signature. On the CPU they run on own
/// row-invariant kernels (Note [Row invariance], core/model/row_linear.hpp), on another device on ATen's
/// operators (core/model/device/), which autograd differentiates; these give the same numbers to rounding and
/// promise nothing about bits. Both read the same plan and weights, so that a layer is written once
/// (transformer_layer.cpp), and so is whatever is added to it. Operators take any floating-point type:
/// activations have that of the embedding, parameters of another type are converted to it, and norms,
/// softmax, rotary positions, sums of embeddings and heads are in float at least.
bool takes_operators(const at::Tensor& tensor);

/// While one lives, all tensors take ATen's operators, on every thread: how they are tested on the CPU
/// against own kernels. Made and destroyed by one thread while no other computes.
class OperatorsEverywhere {
 public:
  OperatorsEverywhere();
  ~OperatorsEverywhere();
  OperatorsEverywhere(const OperatorsEverywhere&) = delete;
  OperatorsEverywhere& operator=(const OperatorsEverywhere&) = delete;
};

/// The type that norms, softmax and logits are computed in: double for double, otherwise float.
inline at::ScalarType wide_type(at::ScalarType type) {
  return type == at::kDouble ? at::kDouble : at::kFloat;
}
/// The tensor itself if it is as wide.
inline at::Tensor at_least_float(const at::Tensor& tensor) {
  return tensor.to(wide_type(tensor.scalar_type()));
}

}  // namespace pagewright
