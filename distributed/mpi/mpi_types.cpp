#include "distributed/mpi/mpi_types.hpp"

#include <algorithm>
#include <cstddef>

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/mpi/mpi_call.hpp"

namespace pagewright {
namespace {

template <class T, ReduceOp kOp>
void reduce_narrow(void* in, void* in_out, int* count, MPI_Datatype*) {
  const T* left = static_cast<const T*>(in);
  T* right = static_cast<T*>(in_out);
  for (int i = 0; i < *count; ++i) {
    const auto a = static_cast<float>(left[i]), b = static_cast<float>(right[i]);
    right[i] = static_cast<T>(kOp == ReduceOp::sum   ? a + b
                              : kOp == ReduceOp::max ? std::max(a, b)
                                                     : std::min(a, b));
  }
}

MPI_Op make_mpi_op(MPI_User_function* function) {
  MPI_Op op = MPI_OP_NULL;
  check_mpi(MPI_Op_create(function, /*commute=*/1, &op), "MPI_Op_create");
  return op;
}

template <class T>
std::array<MPI_Op, 3> narrow_ops() {
  return {make_mpi_op(&reduce_narrow<T, ReduceOp::sum>), make_mpi_op(&reduce_narrow<T, ReduceOp::max>),
          make_mpi_op(&reduce_narrow<T, ReduceOp::min>)};
}

}  // namespace

MPI_Datatype mpi_type(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kByte:
    case at::kBool:
      return MPI_UINT8_T;
    case at::kChar:
      return MPI_INT8_T;
    case at::kShort:
      return MPI_INT16_T;
    case at::kInt:
      return MPI_INT32_T;
    case at::kLong:
      return MPI_INT64_T;
    case at::kBFloat16:
    case at::kHalf:
      return MPI_UINT16_T;
    default:
      return MPI_DATATYPE_NULL;
  }
}

MpiReductions::MpiReductions() : bfloat16_(narrow_ops<c10::BFloat16>()), half_(narrow_ops<c10::Half>()) {}

MpiReductions::~MpiReductions() {
  for (auto* ops : {&bfloat16_, &half_})
    for (MPI_Op& op : *ops)
      if (MPI_Op_free(&op) != MPI_SUCCESS) log_warn("an MPI reduction could not be freed");
}

bool MpiReductions::supports(at::ScalarType type) {
  return mpi_type(type) != MPI_DATATYPE_NULL && type != at::kBool;
}

MPI_Op MpiReductions::of(at::ScalarType type, ReduceOp op) const {
  require(supports(type), "MPI has no reduction of {}", c10::toString(type));
  const auto index = static_cast<std::size_t>(op);
  if (type == at::kBFloat16) return bfloat16_[index];
  if (type == at::kHalf) return half_[index];
  return op == ReduceOp::sum ? MPI_SUM : op == ReduceOp::max ? MPI_MAX : MPI_MIN;
}

}  // namespace pagewright
