#include "rewards/models/tensor_sums.hpp"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/zeros.h>

namespace pagewright {

at::Tensor tensor_like(std::span<const float> values, const at::Tensor& like) {
  return at::from_blob(const_cast<float*>(values.data()), {static_cast<std::int64_t>(values.size())},
                       at::kFloat)
      .to(like.scalar_type(), /*non_blocking=*/false, /*copy=*/true);
}

at::Tensor index_tensor(std::span<const std::int64_t> values) {
  return at::from_blob(const_cast<std::int64_t*>(values.data()), {static_cast<std::int64_t>(values.size())},
                       at::kLong)
      .clone();
}

at::Tensor sum_by_page(const at::Tensor& slots, const PageBatch& batch) {
  return at::index_add(at::zeros({batch.pages()}, slots.options()), 0, index_tensor(batch.slot_page), slots);
}

std::vector<float> floats_of(const at::Tensor& tensor) {
  const at::Tensor values = tensor.to(at::kFloat).contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

}  // namespace pagewright
