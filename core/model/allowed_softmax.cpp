#include "core/model/allowed_softmax.hpp"

#include <algorithm>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/device/device_head.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"

namespace pagewright {

template <class T>
T allowed_log_softmax_row(const T* logits, std::span<const std::int32_t> allowed, T temperature,
                          T* log_probs) {
  thread_local std::vector<T> scratch;
  const auto count = static_cast<std::int64_t>(allowed.size());
  const auto padded = static_cast<std::size_t>(padded_to_lanes(count));
  if (scratch.size() < padded) scratch.resize(padded);
  return kernels<T>().log_softmax(count, logits, allowed.data(), temperature, log_probs, scratch.data());
}
template float allowed_log_softmax_row<float>(const float*, std::span<const std::int32_t>, float, float*);
template double allowed_log_softmax_row<double>(const double*, std::span<const std::int32_t>, double,
                                                double*);

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Allowed sets and the place of each row's target in its set.
struct AllowedSets : torch::CustomClassHolder {
  std::vector<std::int32_t> allowed, offsets;
  std::vector<std::int64_t> place;
  std::span<const std::int32_t> row(std::size_t r) const {
    return std::span(allowed).subspan(static_cast<std::size_t>(offsets[r]),
                                      static_cast<std::size_t>(offsets[r + 1] - offsets[r]));
  }
};
using AllowedSetsPtr = c10::intrusive_ptr<AllowedSets>;

AllowedSetsPtr checked_sets(const TargetRows& targets, std::int64_t columns) {
  auto sets = c10::make_intrusive<AllowedSets>();
  sets->allowed = targets.allowed;
  sets->offsets = targets.allowed_offsets;
  require(sets->offsets.size() == targets.target.size() + 1,
          "layout log-probs: {} targets with {} allowed sets", targets.target.size(),
          sets->offsets.size() - 1);
  for (std::size_t r = 0; r < targets.target.size(); ++r) {
    const auto row = sets->row(r);
    const auto found = std::ranges::find(row, targets.target[r]);
    require(found != row.end(), "layout log-probs: token {} of row {} is not among the {} allowed",
            targets.target[r], r, row.size());
    require(std::ranges::max(row) < columns && std::ranges::min(row) >= 0,
            "layout log-probs: row {} allows tokens outside the {} scored", r, columns);
    sets->place.push_back(found - row.begin());
  }
  return sets;
}

struct AllowedLogSoftmax : torch::autograd::Function<AllowedLogSoftmax> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& logits_in, const AllowedSetsPtr& sets,
                               double temperature) {
    const at::Tensor logits = logits_in.contiguous();
    const std::int64_t columns = logits.size(1);
    const auto rows = static_cast<std::int64_t>(sets->place.size());
    at::Tensor log_prob = at::empty({rows}, logits.options()), entropy = at::empty({rows}, logits.options());
    at::Tensor all = at::empty({static_cast<std::int64_t>(sets->allowed.size())}, logits.options());
    dispatch_real(logits, "layout log-probs", [&](auto zero) {
      using T = decltype(zero);
      for (std::size_t r = 0; r < sets->place.size(); ++r) {
        T* row = all.mutable_data_ptr<T>() + sets->offsets[r];
        entropy.mutable_data_ptr<T>()[r] =
            allowed_log_softmax_row(logits.const_data_ptr<T>() + static_cast<std::int64_t>(r) * columns,
                                    sets->row(r), static_cast<T>(temperature), row);
        log_prob.mutable_data_ptr<T>()[r] = row[sets->place[r]];
      }
    });
    ctx->save_for_backward({all, entropy});
    ctx->saved_data["sets"] = c10::IValue::make_capsule(sets);
    ctx->saved_data["temperature"] = temperature;
    ctx->saved_data["columns"] = columns;
    return {log_prob, entropy};
  }

  /// With p the probabilities: d log p_target / dz_a = 1[a = target] - p_a, dH / dz_a = -p_a (log p_a + H).
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &all = saved[0], &entropy = saved[1];
    const auto sets = c10::static_intrusive_pointer_cast<AllowedSets>(ctx->saved_data["sets"].toCapsule());
    const std::int64_t columns = ctx->saved_data["columns"].toInt();
    const double temperature = ctx->saved_data["temperature"].toDouble();
    const at::Tensor grad_log_prob = grads[0].contiguous(), grad_entropy = grads[1].contiguous();
    at::Tensor grad = at::zeros({entropy.size(0), columns}, all.options()), p = at::empty_like(all);
    dispatch_real(all, "layout log-probs", [&](auto zero) {
      using T = decltype(zero);
      kernels<T>().exp(all.numel(), all.const_data_ptr<T>(), p.mutable_data_ptr<T>());
      const T *log_p = all.const_data_ptr<T>(), *prob = p.const_data_ptr<T>();
      for (std::size_t r = 0; r < sets->place.size(); ++r) {
        const T by_log_prob = grad_log_prob.const_data_ptr<T>()[r],
                by_entropy = grad_entropy.const_data_ptr<T>()[r];
        const T h = entropy.const_data_ptr<T>()[r];
        T* out = grad.mutable_data_ptr<T>() + static_cast<std::int64_t>(r) * columns;
        const auto row = sets->row(r);
        for (std::size_t i = 0; i < row.size(); ++i) {
          const auto at = static_cast<std::size_t>(sets->offsets[r]) + i;
          const T hit = static_cast<std::int64_t>(i) == sets->place[r] ? T(1) : T(0);
          out[row[i]] = (by_log_prob * (hit - prob[at]) - by_entropy * prob[at] * (log_p[at] + h)) /
                        static_cast<T>(temperature);
        }
      }
    });
    return {grad, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

LayoutLogProbs allowed_log_softmax(const at::Tensor& logits, const TargetRows& targets, double temperature) {
  require(temperature > 0, "layout log-probs: temperature {} is not positive", temperature);
  const AllowedSetsPtr sets = checked_sets(targets, logits.size(1));
  if (takes_operators(logits)) return device::allowed_log_softmax(logits, targets, temperature);
  const variable_list out = AllowedLogSoftmax::apply(logits, sets, temperature);
  return {out[0], out[1]};
}

}  // namespace pagewright
