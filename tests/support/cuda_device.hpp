#pragma once
// A CUDA device for tests labelled gpu.

#include <optional>

#include <ATen/Context.h>

namespace pagewright::test {

/// The first device; none where libtorch sees none, and then a test is to be skipped.
inline std::optional<c10::Device> cuda_device() {
  return at::hasCUDA() ? std::optional(c10::Device(c10::kCUDA, 0)) : std::nullopt;
}

}  // namespace pagewright::test
