#include "core/numerics/device_copy.hpp"

#include <algorithm>

#include <ATen/ops/empty.h>

namespace pagewright {
namespace {

template <class T>
at::Tensor copy_of(std::span<const T> values, at::ScalarType type, c10::Device device) {
  const at::Tensor host = at::empty({static_cast<std::int64_t>(values.size())},
                                    at::TensorOptions(type).pinned_memory(device.is_cuda()));
  std::ranges::copy(values, host.mutable_data_ptr<T>());
  // The allocator of pinned memory keeps it until the stream has read it.
  return device.is_cpu() ? host : host.to(device, /*non_blocking=*/device.is_cuda());
}

}  // namespace

at::Tensor copy_to_device(std::span<const std::int64_t> values, c10::Device device) {
  return copy_of(values, at::kLong, device);
}

at::Tensor copy_to_device(std::span<const float> values, c10::Device device) {
  return copy_of(values, at::kFloat, device);
}

at::Tensor copy_to_device(std::span<const double> values, c10::Device device) {
  return copy_of(values, at::kDouble, device);
}

at::Tensor copy_to_device(const at::Tensor& host, c10::Device device) {
  if (device.is_cpu()) return host;
  return (device.is_cuda() ? host.pin_memory() : host).to(device, /*non_blocking=*/device.is_cuda());
}

std::vector<float> floats_on_host(const at::Tensor& tensor) {
  const at::Tensor values = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

}  // namespace pagewright
