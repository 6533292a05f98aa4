#include "core/model/text_scores.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "core/model/allowed_softmax.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/real_dispatch.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/row_linear.hpp"

namespace pagewright {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

template <class T>
T log_sum_row(std::int64_t count, const T* x, T* scratch) {
  const T largest = *std::max_element(x, x + count);
  std::transform(x, x + count, scratch, [largest](T value) { return value - largest; });
  kernels<T>().exp(count, scratch, scratch);
  return largest + static_cast<T>(std::log(std::accumulate(scratch, scratch + count, 0.0)));
}

/// [n] of x [n, m]; on the CPU each row in one order, whatever the rows beside it.
at::Tensor log_sum_rows(const at::Tensor& x_in) {
  if (takes_operators(x_in)) return at::logsumexp(x_in, {1});
  const at::Tensor x = x_in.contiguous(), sums = at::empty({x.size(0)}, x.options());
  const std::int64_t count = x.size(1);
  dispatch_real(x, "text scores", [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> scratch(static_cast<std::size_t>(count));
    for (std::int64_t r = 0; r < x.size(0); ++r)
      sums.mutable_data_ptr<T>()[r] = log_sum_row(count, x.const_data_ptr<T>() + r * count, scratch.data());
  });
  return sums;
}

template <class Action>
void for_each_chunk(std::int64_t rows, const Action& action) {
  for (std::int64_t first = 0; first < rows; first += kTextChunk)
    action(first, std::min(kTextChunk, rows - first));
}

/// (sum, largest) of hidden [n, dim] against the first `rows` rows of weight, [vocabulary, dim].
struct TextScoresFunction : torch::autograd::Function<TextScoresFunction> {
  static variable_list forward(AutogradContext* ctx, const at::Tensor& hidden, const at::Tensor& weight,
                               std::int64_t rows, double temperature) {
    std::vector<at::Tensor> sums;
    at::Tensor largest;
    for_each_chunk(rows, [&](std::int64_t first, std::int64_t count) {
      const at::Tensor scores = row_linear(hidden, weight.narrow(0, first, count));
      const at::Tensor here = at::amax(scores, {1});
      largest = largest.defined() ? at::maximum(largest, here) : here;
      sums.push_back(log_sum_rows(scores / temperature));
    });
    const at::Tensor log_sum = log_sum_rows(at::stack(sums, 1));
    ctx->save_for_backward({hidden, weight, log_sum});
    ctx->saved_data["rows"] = rows;
    ctx->saved_data["temperature"] = temperature;
    ctx->mark_non_differentiable({largest});
    return {log_sum * temperature, largest};
  }

  /// d sum / dz_v = p_v = exp(z_v / T - log sum).
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &hidden = saved[0], &weight = saved[1];
    const at::Tensor log_sum = saved[2].unsqueeze(1), grad = grads[0].unsqueeze(1);
    const double temperature = ctx->saved_data["temperature"].toDouble();
    const bool to_weight = ctx->needs_input_grad(1);
    const at::Tensor turned_hidden = hidden.t().contiguous();
    at::Tensor grad_hidden = at::zeros_like(hidden), grad_weight;
    if (to_weight) grad_weight = at::zeros(weight.sizes(), hidden.options());
    for_each_chunk(ctx->saved_data["rows"].toInt(), [&](std::int64_t first, std::int64_t count) {
      const at::Tensor chunk = weight.narrow(0, first, count);
      at::Tensor by_score = row_linear(hidden, chunk);
      by_score.div_(temperature).sub_(log_sum).exp_().mul_(grad);
      grad_hidden.add_(row_linear(by_score, chunk.t().contiguous()));
      if (to_weight)
        grad_weight.narrow(0, first, count).copy_(row_linear(by_score.t().contiguous(), turned_hidden));
    });
    return {grad_hidden, grad_weight, at::Tensor(), at::Tensor()};
  }
};

/// `targets` with every layout token allowed, and index layout_size, the text.
TargetRows everything_allowed(const TargetRows& targets, std::int64_t columns) {
  TargetRows all = targets;
  all.allowed.clear();
  all.allowed_offsets.assign(1, 0);
  for (std::size_t r = 0; r < targets.row.size(); ++r) {
    const auto begin = all.allowed.size();
    all.allowed.resize(begin + static_cast<std::size_t>(columns));
    std::iota(all.allowed.begin() + static_cast<std::ptrdiff_t>(begin), all.allowed.end(), 0);
    all.allowed_offsets.push_back(static_cast<std::int32_t>(all.allowed.size()));
  }
  return all;
}

}  // namespace

TextScores text_scores(const WeightsView& weights, const at::Tensor& hidden, double temperature) {
  const std::int64_t rows = weights.config().layout_begin;
  require(rows > 0, "text scores: the model's vocabulary is layout tokens alone");
  const at::Tensor wide = at_least_float(hidden).contiguous();
  const variable_list scores = TextScoresFunction::apply(wide, lm_weight(weights), rows, temperature);
  return {scores[0], scores[1]};
}

at::Tensor text_logits(const WeightsView& weights, const at::Tensor& hidden) {
  const at::NoGradGuard no_grad;
  const at::Tensor wide = at_least_float(hidden).contiguous();
  std::vector<at::Tensor> scores;
  for_each_chunk(weights.config().layout_begin, [&](std::int64_t first, std::int64_t count) {
    scores.push_back(row_linear(wide, lm_weight(weights).narrow(0, first, count)));
  });
  return at::cat(scores, 1);
}

at::Tensor whole_vocabulary_log_probs(const WeightsView& weights, const at::Tensor& hidden,
                                      const TargetRows& targets) {
  const std::int64_t layout = weights.config().layout_size();
  const at::Tensor of_layout = layout_logits(weights, hidden, targets, layout);
  const at::Tensor of_text = text_scores(weights, gather_rows(hidden, targets.row)).sum;
  return allowed_log_softmax(at::cat({of_layout, of_text.unsqueeze(1)}, 1),
                             everything_allowed(targets, layout + 1), /*temperature=*/1.0)
      .log_prob;
}

}  // namespace pagewright
