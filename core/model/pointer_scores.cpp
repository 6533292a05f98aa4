#include "core/model/pointer_scores.hpp"

#include <cmath>
#include <vector>

#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/attention.hpp"
#include "core/model/device/device_head.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"

namespace pagewright {

template <class T>
void add_pointer_scores_row(std::int64_t dim, std::int64_t count, const T* query, const T* keys_t,
                            std::int64_t stride, T* scores, T* out) {
  const T scale = T(1) / std::sqrt(static_cast<T>(dim));
  kernels<T>().dot_keys(dim, query, keys_t, stride, count, scores);
  for (std::int64_t j = 0; j < count; ++j) out[j] += scores[j] * scale;
}
template void add_pointer_scores_row<float>(std::int64_t, std::int64_t, const float*, const float*,
                                            std::int64_t, float*, float*);
template void add_pointer_scores_row<double>(std::int64_t, std::int64_t, const double*, const double*,
                                             std::int64_t, double*, double*);

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct PointerRows : torch::CustomClassHolder {
  std::vector<std::int32_t> prompt, offsets;  ///< as in TargetRows
  std::int64_t first_column = 0;
  std::int64_t most = 0;  ///< candidates of the largest prompt
};
using PointerRowsPtr = c10::intrusive_ptr<PointerRows>;

template <class T>
void score_pointers(const PointerRows& rows, std::int64_t dim, std::int64_t columns, const T* query,
                    const T* keys, T* logits) {
  const std::int64_t stride = padded_to_lanes(rows.most);
  std::vector<T> keys_t(static_cast<std::size_t>(dim * stride)), scores(static_cast<std::size_t>(stride));
  std::int32_t at_prompt = -1;
  for (std::size_t r = 0; r < rows.prompt.size(); ++r) {
    const auto prompt = static_cast<std::size_t>(rows.prompt[r]);
    const std::int64_t begin = rows.offsets[prompt], count = rows.offsets[prompt + 1] - begin;
    if (rows.prompt[r] != at_prompt)
      transpose_keys(count, dim, keys + begin * dim, dim, keys_t.data(), stride);
    at_prompt = rows.prompt[r];
    const auto row = static_cast<std::int64_t>(r);
    add_pointer_scores_row(dim, count, query + row * dim, keys_t.data(), stride, scores.data(),
                           logits + row * columns + rows.first_column);
  }
}

template <class T>
void score_pointers_grad(const PointerRows& rows, std::int64_t dim, std::int64_t columns, const T* query,
                         const T* keys, const T* grad, T* grad_query, T* grad_keys) {
  const T scale = T(1) / std::sqrt(static_cast<T>(dim));
  for (std::size_t r = 0; r < rows.prompt.size(); ++r) {
    const auto prompt = static_cast<std::size_t>(rows.prompt[r]);
    const auto row = static_cast<std::int64_t>(r);
    const T *q = query + row * dim, *g = grad + row * columns + rows.first_column;
    T* grad_q = grad_query + row * dim;
    for (std::int64_t c = rows.offsets[prompt]; c < rows.offsets[prompt + 1]; ++c) {
      const T weight = *g++ * scale;
      if (weight == T(0)) continue;  // masked
      const T* k = keys + c * dim;
      T* grad_k = grad_keys + c * dim;
      for (std::int64_t d = 0; d < dim; ++d) grad_q[d] += weight * k[d];
      for (std::int64_t d = 0; d < dim; ++d) grad_k[d] += weight * q[d];
    }
  }
}

struct AddPointerScores : torch::autograd::Function<AddPointerScores> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& logits, const at::Tensor& query_in,
                            const at::Tensor& keys_in, const PointerRowsPtr& rows) {
    const at::Tensor query = query_in.contiguous(), keys = keys_in.contiguous();
    at::Tensor out = logits.clone();
    dispatch_real(query, "pointer head", [&](auto zero) {
      using T = decltype(zero);
      score_pointers<T>(*rows, query.size(1), out.size(1), query.const_data_ptr<T>(),
                        keys.const_data_ptr<T>(), out.mutable_data_ptr<T>());
    });
    ctx->save_for_backward({query, keys});
    ctx->saved_data["rows"] = c10::IValue::make_capsule(rows);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const auto rows = c10::static_intrusive_pointer_cast<PointerRows>(ctx->saved_data["rows"].toCapsule());
    const at::Tensor &query = saved[0], &keys = saved[1];
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_query = at::zeros_like(query), grad_keys = at::zeros_like(keys);
    dispatch_real(query, "pointer head", [&](auto zero) {
      using T = decltype(zero);
      score_pointers_grad<T>(*rows, query.size(1), grad.size(1), query.const_data_ptr<T>(),
                             keys.const_data_ptr<T>(), grad.const_data_ptr<T>(),
                             grad_query.mutable_data_ptr<T>(), grad_keys.mutable_data_ptr<T>());
    });
    return {grad, grad_query, grad_keys, at::Tensor()};
  }
};

}  // namespace

at::Tensor add_pointer_scores(const at::Tensor& logits, const at::Tensor& query, const at::Tensor& keys,
                              const TargetRows& targets, std::int64_t first_column) {
  auto rows = c10::make_intrusive<PointerRows>();
  rows->prompt = targets.prompt;
  rows->offsets = targets.candidate_offsets;
  rows->first_column = first_column;
  for (const std::int32_t prompt : rows->prompt) {
    require(prompt >= 0 && static_cast<std::size_t>(prompt) + 1 < rows->offsets.size(),
            "pointer head: prompt {} of {}", prompt, rows->offsets.size() - 1);
    const auto p = static_cast<std::size_t>(prompt);
    rows->most = std::max<std::int64_t>(rows->most, rows->offsets[p + 1] - rows->offsets[p]);
  }
  require(first_column + rows->most <= logits.size(1), "pointer head: {} candidates do not fit in {} columns",
          rows->most, logits.size(1));
  if (takes_operators(logits))
    return device::add_pointer_scores(logits, query, keys, targets, first_column, rows->most);
  return AddPointerScores::apply(logits, query, keys, rows);
}

}  // namespace pagewright
