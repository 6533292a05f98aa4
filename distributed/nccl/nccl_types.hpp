#pragma once
// NCCL's types and reductions for tensors.

#include <ATen/core/Tensor.h>
#include <nccl.h>

#include "distributed/communicator.hpp"

namespace pagewright {

/// Whether NCCL has a type for the elements. bool travels as bytes; int16 it lacks.
bool nccl_moves(at::ScalarType type);
/// Whether it can add and compare them: all that it moves but bool.
bool nccl_reduces(at::ScalarType type);
/// Throws Error for a type that nccl_moves() refuses.
ncclDataType_t nccl_type(at::ScalarType type);
ncclRedOp_t nccl_reduction(ReduceOp op);

}  // namespace pagewright
