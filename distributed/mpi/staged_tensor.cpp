#include "distributed/mpi/staged_tensor.hpp"

#include <utility>

#include <ATen/ops/empty.h>

namespace pagewright {

StagedTensor::StagedTensor(at::Tensor tensor, Staging use)
    : tensor_(std::move(tensor)), host_(tensor_), written_(use != Staging::read) {
  if (tensor_.is_cpu()) return;
  host_ = at::empty(tensor_.sizes(), at::TensorOptions(tensor_.scalar_type()).pinned_memory(true));
  if (use != Staging::written) host_.copy_(tensor_);
}

void StagedTensor::finish() {
  if (!written_ || host_.is_same(tensor_)) return;
  // The allocator of pinned memory keeps the copy until the stream has read it.
  tensor_.copy_(host_, /*non_blocking=*/true);
}

}  // namespace pagewright
