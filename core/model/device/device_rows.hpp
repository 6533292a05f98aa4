#pragma once
// Functions of rows in ATen's operators: what row_functions.hpp and row_linear.hpp say, on any device and in
// any floating-point type (Note [Operators], core/model/device/operator_choice.hpp).

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/device/device_plan.hpp"

namespace pagewright::device {

/// In the type of `base`; with `layout`, ids from base.size(0) on are its rows.
at::Tensor embed_rows(const at::Tensor& base /* [vocab or layout_begin, dim] */,
                      const at::Tensor& layout /* [layout_size, dim] or undefined */, const DevicePlan& plan,
                      std::int64_t rows);
at::Tensor gather_rows(const at::Tensor& x /* [n, dim] */, std::span<const std::int64_t> rows);
at::Tensor rms_norm_rows(const at::Tensor& x /* [n, dim] */, const at::Tensor& weight /* [dim] */,
                         double eps);
at::Tensor rope_rows(const at::Tensor& x /* [rows, heads * head_size] */, const DevicePlan& plan);
at::Tensor swiglu_rows(const at::Tensor& gate, const at::Tensor& up);
at::Tensor linear(const at::Tensor& x /* [n, k] */, const at::Tensor& weight /* [m, k] */,
                  const at::Tensor& bias /* [m] or undefined */);

}  // namespace pagewright::device
