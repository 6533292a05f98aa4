#include "core/model/row_functions.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/util/BFloat16.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/device/device_rows.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"

namespace pagewright {

template <class T>
void rotate_row(std::int64_t width, std::int64_t half, const T* cosine, const T* sine, T direction,
                const T* x, T* y) {
  for (std::int64_t head = 0; head < width; head += 2 * half)
    for (std::int64_t i = 0; i < half; ++i) {
      const T low = x[head + i], high = x[head + half + i], s = direction * sine[i];
      y[head + i] = low * cosine[i] - high * s;
      y[head + half + i] = high * cosine[i] + low * s;
    }
}
template void rotate_row<float>(std::int64_t, std::int64_t, const float*, const float*, float, const float*,
                                float*);
template void rotate_row<double>(std::int64_t, std::int64_t, const double*, const double*, double,
                                 const double*, double*);

template <class T>
EmbeddingRows<T>::Matrix::Matrix(const at::Tensor& values) {
  if (!values.defined()) return;
  if (values.scalar_type() == at::kBFloat16)
    narrow = values.const_data_ptr<c10::BFloat16>();
  else
    wide = values.const_data_ptr<T>();
}

template <class T>
EmbeddingRows<T>::EmbeddingRows(const at::Tensor& base, const at::Tensor& layout)
    : dim_(base.size(1)),
      layout_begin_(layout.defined() ? base.size(0) : std::numeric_limits<std::int64_t>::max()),
      base_(base),
      layout_(layout) {}

template <class T>
template <class Take>
void EmbeddingRows<T>::with_row(TokenId id, const Take& take) const {
  const bool in_layout = id >= layout_begin_;
  const Matrix& matrix = in_layout ? layout_ : base_;
  const std::int64_t begin = (id - (in_layout ? layout_begin_ : 0)) * dim_;
  matrix.narrow ? take(matrix.narrow + begin) : take(matrix.wide + begin);
}

template <class T>
void EmbeddingRows<T>::embed(std::span<const TokenId> bag, T* out) const {
  with_row(bag[0], [&](const auto* row) {
    for (std::int64_t d = 0; d < dim_; ++d) out[d] = static_cast<T>(row[d]);
  });
  for (const TokenId id : bag.subspan(1))
    with_row(id, [&](const auto* row) {
      for (std::int64_t d = 0; d < dim_; ++d) out[d] += static_cast<T>(row[d]);
    });
}
template class EmbeddingRows<float>;
template class EmbeddingRows<double>;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

BatchPlanPtr saved_plan(AutogradContext* ctx) {
  return c10::static_intrusive_pointer_cast<BatchPlan>(ctx->saved_data["plan"].toCapsule());
}

struct EmbedRows : torch::autograd::Function<EmbedRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& base_in,
                            const std::optional<at::Tensor>& optional_layout, const BatchPlanPtr& plan) {
    const at::Tensor base = base_in.contiguous();
    const at::Tensor layout = optional_layout ? optional_layout->contiguous() : at::Tensor();
    ctx->saved_data["plan"] = c10::IValue::make_capsule(plan);
    ctx->saved_data["base"] = base.size(0);
    ctx->saved_data["layout"] = layout.defined() ? layout.size(0) : 0;
    const std::int64_t dim = base.size(1);
    at::Tensor out = at::empty({plan->rows, dim}, base.options().dtype(activation_type(base)));
    dispatch_real(out, "embedding", [&](auto zero) {
      using T = decltype(zero);
      const EmbeddingRows<T> rows(base, layout);
      const std::span<const TokenId> ids = plan->ids;
      T* y = out.mutable_data_ptr<T>();
      for (std::size_t r = 0; r + 1 < plan->offsets.size(); ++r, y += dim) {
        const auto begin = static_cast<std::size_t>(plan->offsets[r]);
        const auto end = static_cast<std::size_t>(plan->offsets[r + 1]);
        rows.embed(ids.subspan(begin, end - begin), y);
      }
    });
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const BatchPlanPtr plan = saved_plan(ctx);
    const at::Tensor grad = grads[0].contiguous();
    const std::int64_t base_rows = ctx->saved_data["base"].toInt(),
                       layout_rows = ctx->saved_data["layout"].toInt();
    at::Tensor base, layout;
    if (ctx->needs_input_grad(0)) base = at::zeros({base_rows, grad.size(1)}, grad.options());
    if (layout_rows > 0 && ctx->needs_input_grad(1))
      layout = at::zeros({layout_rows, grad.size(1)}, grad.options());
    const std::int64_t layout_begin = layout_rows > 0 ? base_rows : std::numeric_limits<std::int64_t>::max();
    dispatch_real(grad, "embedding", [&](auto zero) {
      using T = decltype(zero);
      add_rows<T>(*plan, grad, layout_begin, base, layout);
    });
    return {base, layout, at::Tensor()};
  }

  template <class T>
  static void add_rows(const BatchPlan& plan, const at::Tensor& grad, std::int64_t layout_begin,
                       at::Tensor& base, at::Tensor& layout) {
    const std::int64_t dim = grad.size(1);
    const T* g = grad.const_data_ptr<T>();
    T* const base_sum = base.defined() ? base.mutable_data_ptr<T>() : nullptr;
    T* const layout_sum = layout.defined() ? layout.mutable_data_ptr<T>() : nullptr;
    for (std::size_t r = 0; r + 1 < plan.offsets.size(); ++r, g += dim)
      for (auto i = plan.offsets[r]; i < plan.offsets[r + 1]; ++i) {
        const TokenId id = plan.ids[static_cast<std::size_t>(i)];
        T* const sum = id >= layout_begin ? layout_sum : base_sum;
        if (!sum) continue;
        T* const row = sum + (id >= layout_begin ? id - layout_begin : id) * dim;
        for (std::int64_t d = 0; d < dim; ++d) row[d] += g[d];
      }
  }
};

struct RowList : torch::CustomClassHolder {
  std::vector<std::int64_t> rows;
};

struct GatherRows : torch::autograd::Function<GatherRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in,
                            const c10::intrusive_ptr<RowList>& list) {
    const at::Tensor x = x_in.contiguous();
    const std::int64_t dim = x.size(1);
    ctx->saved_data["rows"] = c10::IValue::make_capsule(list);
    ctx->saved_data["size"] = x.size(0);
    at::Tensor out = at::empty({static_cast<std::int64_t>(list->rows.size()), dim}, x.options());
    dispatch_real(x, "gather_rows", [&](auto zero) {
      using T = decltype(zero);
      T* y = out.mutable_data_ptr<T>();
      for (const std::int64_t row : list->rows) {
        require(row >= 0 && row < x.size(0), "gather_rows: row {} of {}", row, x.size(0));
        y = std::copy_n(x.const_data_ptr<T>() + row * dim, dim, y);
      }
    });
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto list = c10::static_intrusive_pointer_cast<RowList>(ctx->saved_data["rows"].toCapsule());
    const at::Tensor grad = grads[0].contiguous();
    const std::int64_t dim = grad.size(1);
    at::Tensor total = at::zeros({ctx->saved_data["size"].toInt(), dim}, grad.options());
    dispatch_real(grad, "gather_rows", [&](auto zero) {
      using T = decltype(zero);
      const T* g = grad.const_data_ptr<T>();
      for (const std::int64_t row : list->rows) {
        T* sum = total.mutable_data_ptr<T>() + row * dim;
        for (std::int64_t d = 0; d < dim; ++d) sum[d] += *g++;
      }
    });
    return {total, at::Tensor()};
  }
};

struct RmsNormRows : torch::autograd::Function<RmsNormRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_in, const at::Tensor& weight_in,
                            double eps) {
    const at::Tensor x = x_in.contiguous(), weight = weight_in.to(x.scalar_type());
    at::Tensor y = at::empty_like(x), rstd = at::empty({x.size(0)}, x.options());
    dispatch_real(x, "rms_norm", [&](auto zero) {
      using T = decltype(zero);
      kernels<T>().rms_norm(x.size(0), x.size(1), x.const_data_ptr<T>(), weight.const_data_ptr<T>(),
                            static_cast<T>(eps), y.mutable_data_ptr<T>(), rstd.mutable_data_ptr<T>());
    });
    ctx->save_for_backward({x, weight, rstd});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &rstd = saved[2];
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_x = at::empty_like(x), grad_weight = at::zeros_like(weight);
    dispatch_real(x, "rms_norm", [&](auto zero) {
      using T = decltype(zero);
      kernels<T>().rms_norm_grad(x.size(0), x.size(1), x.const_data_ptr<T>(), weight.const_data_ptr<T>(),
                                 rstd.const_data_ptr<T>(), grad.const_data_ptr<T>(),
                                 grad_x.mutable_data_ptr<T>(), grad_weight.mutable_data_ptr<T>());
    });
    return {grad_x, grad_weight, at::Tensor()};
  }
};

at::Tensor rotate_rows(const at::Tensor& x, const BatchPlan& plan, int direction) {
  at::Tensor y = at::empty_like(x);
  dispatch_real(x, "rope", [&](auto zero) {
    using T = decltype(zero);
    const std::int64_t width = x.size(1), half = plan.rope_cos.size(1);
    const T *cosine = plan.rope_cos.const_data_ptr<T>(), *sine = plan.rope_sin.const_data_ptr<T>();
    for (std::int64_t r = 0; r < plan.rows; ++r) {
      const std::int64_t at = plan.positions[static_cast<std::size_t>(r)] * half;
      rotate_row(width, half, cosine + at, sine + at, static_cast<T>(direction),
                 x.const_data_ptr<T>() + r * width, y.mutable_data_ptr<T>() + r * width);
    }
  });
  return y;
}

struct RopeRows : torch::autograd::Function<RopeRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const BatchPlanPtr& plan) {
    ctx->saved_data["plan"] = c10::IValue::make_capsule(plan);
    return rotate_rows(x.contiguous(), *plan, 1);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    return {rotate_rows(grads[0].contiguous(), *saved_plan(ctx), -1), at::Tensor()};
  }
};

struct SwigluRows : torch::autograd::Function<SwigluRows> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& gate_in, const at::Tensor& up_in) {
    const at::Tensor gate = gate_in.contiguous(), up = up_in.contiguous();
    ctx->save_for_backward({gate, up});
    at::Tensor y = at::empty_like(gate);
    dispatch_real(gate, "swiglu", [&](auto zero) {
      using T = decltype(zero);
      kernels<T>().swiglu(gate.numel(), gate.const_data_ptr<T>(), up.const_data_ptr<T>(),
                          y.mutable_data_ptr<T>());
    });
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &gate = saved[0], &up = saved[1];
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_gate = at::empty_like(gate), grad_up = at::empty_like(up);
    dispatch_real(gate, "swiglu", [&](auto zero) {
      using T = decltype(zero);
      kernels<T>().swiglu_grad(gate.numel(), gate.const_data_ptr<T>(), up.const_data_ptr<T>(),
                               grad.const_data_ptr<T>(), grad_gate.mutable_data_ptr<T>(),
                               grad_up.mutable_data_ptr<T>());
    });
    return {grad_gate, grad_up};
  }
};

}  // namespace

at::Tensor embed_rows(const at::Tensor& base, const at::Tensor& layout, const BatchPlanPtr& plan) {
  if (plan->device) return device::embed_rows(base, layout, *plan->device, plan->rows);
  return EmbedRows::apply(base, layout.defined() ? std::optional<at::Tensor>(layout) : std::nullopt, plan);
}

at::Tensor gather_rows(const at::Tensor& x, std::span<const std::int64_t> rows) {
  if (takes_operators(x)) return device::gather_rows(x, rows);
  auto list = c10::make_intrusive<RowList>();
  list->rows.assign(rows.begin(), rows.end());
  return GatherRows::apply(x, list);
}

at::Tensor rms_norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps) {
  if (takes_operators(x)) return device::rms_norm_rows(x, weight, eps);
  return RmsNormRows::apply(x, weight, eps);
}

at::Tensor rope_rows(const at::Tensor& x, const BatchPlanPtr& plan) {
  if (plan->device) return device::rope_rows(x, *plan->device);
  return RopeRows::apply(x, plan);
}

at::Tensor swiglu_rows(const at::Tensor& gate, const at::Tensor& up) {
  if (takes_operators(gate)) return device::swiglu_rows(gate, up);
  return SwigluRows::apply(gate, up);
}

}  // namespace pagewright
