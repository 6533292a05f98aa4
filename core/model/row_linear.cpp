#include "core/model/row_linear.hpp"

#include <algorithm>
#include <optional>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/device/device_rows.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"

namespace pagewright {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class T>
void linear_forward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor& y) {
  GemmOperands<T> o;
  o.rows = x.size(0), o.cols = weight.size(0), o.depth = x.size(1);
  o.a = x.const_data_ptr<T>(), o.a_row = o.depth;
  o.b = weight.const_data_ptr<T>(), o.b_depth = 1, o.b_col = o.depth;
  if (bias.defined()) o.bias = bias.const_data_ptr<T>();
  o.c = y.mutable_data_ptr<T>(), o.c_row = o.cols;
  gemm(o);
}

template <class T>
void linear_grad_input(const at::Tensor& grad, const at::Tensor& weight, at::Tensor& grad_x) {
  GemmOperands<T> o;
  o.rows = grad.size(0), o.cols = weight.size(1), o.depth = grad.size(1);
  o.a = grad.const_data_ptr<T>(), o.a_row = o.depth;
  o.b = weight.const_data_ptr<T>(), o.b_depth = o.cols;
  o.c = grad_x.mutable_data_ptr<T>(), o.c_row = o.cols;
  gemm(o);
}

template <class T>
void linear_grad_weight(const at::Tensor& grad, const at::Tensor& x, at::Tensor& grad_weight) {
  GemmOperands<T> o;
  o.rows = grad.size(1), o.cols = x.size(1), o.depth = grad.size(0);
  o.a = grad.const_data_ptr<T>(), o.a_row = 1, o.a_depth = o.rows;
  o.b = x.const_data_ptr<T>(), o.b_depth = o.cols;
  o.c = grad_weight.mutable_data_ptr<T>(), o.c_row = o.cols;
  gemm(o);
}

template <class T>
void linear_grad_bias(const at::Tensor& grad, at::Tensor& grad_bias) {
  const std::int64_t rows = grad.size(0), cols = grad.size(1);
  const T* g = grad.const_data_ptr<T>();
  T* sum = grad_bias.mutable_data_ptr<T>();
  std::fill(sum, sum + cols, T(0));
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < cols; ++c) sum[c] += g[r * cols + c];
}

struct RowLinear : torch::autograd::Function<RowLinear> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in, const at::Tensor& weight_in,
                            const std::optional<at::Tensor>& optional_bias, std::int64_t first,
                            std::int64_t rows) {
    const at::Tensor x = x_in.contiguous(), kept = weight_in.contiguous();
    const at::Tensor bias = optional_bias ? optional_bias->to(x.scalar_type()).contiguous() : at::Tensor();
    const at::Tensor weight = kept.narrow(0, first, rows).to(x.scalar_type());
    ctx->saved_data["first"] = first;
    ctx->saved_data["rows"] = rows;
    require(x.dim() == 2 && weight.dim() == 2 && x.size(1) == weight.size(1),
            "row_linear: input of width {} against a weight of width {}", x.size(-1), weight.size(-1));
    ctx->save_for_backward({x, kept});
    ctx->saved_data["bias"] = bias.defined();
    at::Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
    dispatch_real(x, "row_linear", [&](auto zero) { linear_forward<decltype(zero)>(x, weight, bias, y); });
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor& x = saved[0];
    const std::int64_t first = ctx->saved_data["first"].toInt(), rows = ctx->saved_data["rows"].toInt();
    const at::Tensor weight = saved[1].narrow(0, first, rows).to(x.scalar_type());
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_x, grad_weight, grad_bias;
    dispatch_real(x, "row_linear", [&](auto zero) {
      using T = decltype(zero);
      if (ctx->needs_input_grad(0)) {
        grad_x = at::empty(x.sizes(), x.options());
        linear_grad_input<T>(grad, weight, grad_x);
      }
      if (ctx->needs_input_grad(1)) {
        const bool whole = rows == saved[1].size(0);
        grad_weight = whole ? at::empty(weight.sizes(), weight.options())
                            : at::zeros(saved[1].sizes(), weight.options());
        at::Tensor part = grad_weight.narrow(0, first, rows);
        linear_grad_weight<T>(grad, x, part);
      }
      if (ctx->saved_data["bias"].toBool()) {
        grad_bias = at::empty({weight.size(0)}, weight.options());
        linear_grad_bias<T>(grad, grad_bias);
      }
    });
    return {grad_x, grad_weight, grad_bias, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor row_linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (takes_operators(x)) return device::linear(x, weight, bias);
  return RowLinear::apply(x, weight, bias.defined() ? std::optional<at::Tensor>(bias) : std::nullopt,
                          std::int64_t{0}, weight.size(0));
}

at::Tensor row_linear_rows(const at::Tensor& x, const at::Tensor& weight, std::int64_t first,
                           std::int64_t rows) {
  if (takes_operators(x)) return device::linear(x, weight.narrow(0, first, rows), {});
  return RowLinear::apply(x, weight, std::nullopt, first, rows);
}

}  // namespace pagewright
