#include "core/model/device/device_rows.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright::device {

at::Tensor embed_rows(const at::Tensor& base, const at::Tensor& layout, const DevicePlan& plan,
                      std::int64_t rows) {
  at::Tensor each;  // [ids, dim]
  if (layout.defined()) {
    const std::int64_t border = base.size(0);
    const at::Tensor below = at::index_select(base, 0, plan.ids.clamp_max(border - 1)),
                     above = at::index_select(layout, 0, (plan.ids - border).clamp_min(0));
    each = at::where(plan.ids.lt(border).unsqueeze(1), below, above.to(base.scalar_type()));
  } else {
    each = at::index_select(base, 0, plan.ids);
  }
  if (!plan.bag_row.defined()) return each;
  const at::Tensor wide = at_least_float(each);
  return at::index_add(at::zeros({rows, base.size(1)}, wide.options()), 0, plan.bag_row, wide)
      .to(base.scalar_type());
}

at::Tensor gather_rows(const at::Tensor& x, std::span<const std::int64_t> rows) {
  for (const std::int64_t row : rows)
    require(row >= 0 && row < x.size(0), "gather_rows: row {} of {}", row, x.size(0));
  return at::index_select(x, 0, copy_to_device(rows, x.device()));
}

at::Tensor rms_norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const at::Tensor wide = at_least_float(x);
  const at::Tensor scale = at::rsqrt(at::mean(wide * wide, {-1}, /*keepdim=*/true) + eps);
  return (wide * scale).to(x.scalar_type()) * weight.to(x.scalar_type());
}

at::Tensor rope_rows(const at::Tensor& x, const DevicePlan& plan) {
  const std::int64_t half = plan.cosine.size(1), heads = x.size(1) / (2 * half);
  const at::Tensor halves = at_least_float(x).view({x.size(0), heads, 2, half});
  const at::Tensor low = halves.select(2, 0), high = halves.select(2, 1);  // [rows, heads, half]
  const at::Tensor cosine = plan.cosine.unsqueeze(1), sine = plan.sine.unsqueeze(1);
  return at::cat({low * cosine - high * sine, high * cosine + low * sine}, -1)
      .view({x.size(0), x.size(1)})
      .to(x.scalar_type());
}

at::Tensor swiglu_rows(const at::Tensor& gate, const at::Tensor& up) {
  return at::silu(gate) * up;
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto type = x.scalar_type();
  return at::linear(x, weight.to(type),
                    bias.defined() ? std::optional<at::Tensor>(bias.to(type)) : std::nullopt);
}

}  // namespace pagewright::device
