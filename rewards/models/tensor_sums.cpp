#include "rewards/models/tensor_sums.hpp"

#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>

#include "core/numerics/device_copy.hpp"

namespace pagewright {

at::Tensor tensor_like(std::span<const float> values, const at::Tensor& like) {
  return copy_to_device(values, like.device()).to(like.scalar_type());
}

at::Tensor select_values(const at::Tensor& x, std::span<const std::int64_t> places) {
  return at::index_select(x, 0, copy_to_device(places, x.device()));
}

at::Tensor sum_by_page(const at::Tensor& slots, const PageBatch& batch) {
  return at::index_add(at::zeros({batch.pages()}, slots.options()), 0,
                       copy_to_device(batch.slot_page, slots.device()), slots);
}

}  // namespace pagewright
