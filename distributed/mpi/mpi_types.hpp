#pragma once
// MPI's types and reductions for tensors.

#include <array>

#include <ATen/core/Tensor.h>
#include <mpi.h>

#include "distributed/communicator.hpp"

namespace pagewright {

/// MPI's type for the elements of tensors; MPI_DATATYPE_NULL for those that it has none for. bfloat16 and
/// half travel as 16-bit integers, which MPI moves but must not add.
MPI_Datatype mpi_type(at::ScalarType type);

/// Reductions: MPI's own, and for bfloat16 and half, which it lacks, operations that compute in float and
/// round once for each pair. Freed by the destructor, while MPI still runs.
class MpiReductions {
 public:
  MpiReductions();
  ~MpiReductions();
  MpiReductions(const MpiReductions&) = delete;
  MpiReductions& operator=(const MpiReductions&) = delete;

  static bool supports(at::ScalarType type);
  /// Throws Error for a type that supports() refuses.
  MPI_Op of(at::ScalarType type, ReduceOp op) const;

 private:
  std::array<MPI_Op, 3> bfloat16_;  ///< by ReduceOp
  std::array<MPI_Op, 3> half_;
};

}  // namespace pagewright
