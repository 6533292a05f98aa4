#pragma once
// Numbers between the host's vectors and tensors on a device.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// A copy of the values as a tensor on `device`, [n]. To a device that is not the CPU it travels from pinned
/// memory on the current stream, and the calling thread does not wait.
at::Tensor copy_to_device(std::span<const std::int64_t> values, c10::Device device);
at::Tensor copy_to_device(std::span<const float> values, c10::Device device);
at::Tensor copy_to_device(std::span<const double> values, c10::Device device);

/// The same for a tensor on the CPU; for the CPU, the tensor itself.
at::Tensor copy_to_device(const at::Tensor& host, c10::Device device);

/// The elements as float, from whatever device, [n]; waits for what makes them.
std::vector<float> floats_on_host(const at::Tensor& tensor);

}  // namespace pagewright
