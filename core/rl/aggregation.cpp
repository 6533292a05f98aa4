#include "core/rl/aggregation.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/base/error.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {
namespace {

template <class T>
double aggregation_dot(const T* terms, const double* weights, std::int64_t count) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i)
    if (weights[i] != 0) sum += weights[i] * static_cast<double>(terms[i]);
  return sum;
}

template <class T>
void aggregation_scale(const double* weights, double factor, T* result, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) result[i] = static_cast<T>(weights[i] * factor);
}

class WeightedSum : public torch::autograd::Function<WeightedSum> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& terms,
                            const at::Tensor& weights) {
    context->saved_data["weights"] = weights;
    context->saved_data["dtype"] = static_cast<std::int64_t>(terms.scalar_type());
    const at::Tensor dense = terms.contiguous();
    const double* factors = weights.const_data_ptr<double>();
    const double sum = dense.scalar_type() == at::kDouble
                           ? aggregation_dot(dense.const_data_ptr<double>(), factors, dense.numel())
                           : aggregation_dot(dense.const_data_ptr<float>(), factors, dense.numel());
    return at::scalar_tensor(sum, terms.options());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list outputs) {
    const at::Tensor weights = context->saved_data["weights"].toTensor();
    const auto dtype = static_cast<at::ScalarType>(context->saved_data["dtype"].toInt());
    const double factor = outputs[0].item<double>();
    at::Tensor gradient = at::empty(weights.sizes(), weights.options().dtype(dtype));
    const double* factors = weights.const_data_ptr<double>();
    if (dtype == at::kDouble)
      aggregation_scale(factors, factor, gradient.mutable_data_ptr<double>(), weights.numel());
    else
      aggregation_scale(factors, factor, gradient.mutable_data_ptr<float>(), weights.numel());
    return {gradient, at::Tensor()};
  }
};

double aggregation_weight(LossAggregation mode, double length, const GlobalCounts& counts) {
  switch (mode) {
    case LossAggregation::token_mean:
      return 1 / counts.tokens;
    case LossAggregation::seq_mean_token_sum:
      return 1 / counts.sequences;
    case LossAggregation::seq_mean_token_mean:
      return 1 / (counts.sequences * length);
    case LossAggregation::seq_mean_token_sum_norm:
      return 1 / (counts.sequences * counts.length_constant);
  }
  fail("unknown loss aggregation");
}

}  // namespace

std::vector<double> token_weights(LossAggregation mode, std::span<const std::int64_t> lengths,
                                  const GlobalCounts& counts) {
  std::vector<double> weights;
  for (const std::int64_t length : lengths) {
    if (length == 0) continue;
    require(
        counts.tokens > 0 && counts.sequences > 0 && counts.length_constant > 0,
        "loss aggregation: the global counts ({} tokens, {} sequences) do not hold a sequence of {} tokens",
        counts.tokens, counts.sequences, length);
    weights.insert(weights.end(), static_cast<std::size_t>(length),
                   aggregation_weight(mode, static_cast<double>(length), counts));
  }
  return weights;
}

at::Tensor weighted_sum(const at::Tensor& terms, std::span<const double> weights) {
  require(terms.dim() == 1 && terms.numel() == static_cast<std::int64_t>(weights.size()),
          "weighted sum: {} terms but {} weights", terms.numel(), weights.size());
  require(terms.scalar_type() == at::kFloat || terms.scalar_type() == at::kDouble,
          "weighted sum: terms must be float or double");
  if (!terms.is_cpu())
    return at::sum(terms.to(at::kDouble) * copy_to_device(weights, terms.device()), {0})
        .to(terms.scalar_type());
  at::Tensor factors = at::empty({terms.numel()}, at::kDouble);
  std::copy(weights.begin(), weights.end(), factors.mutable_data_ptr<double>());
  return WeightedSum::apply(terms, factors);
}

}  // namespace pagewright
