#include "core/model/device/device_layout_decoder.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/layout_head.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {
namespace {

at::Tensor select_rows(const at::Tensor& x, std::span<const std::int32_t> rows) {
  const std::vector<std::int64_t> wide(rows.begin(), rows.end());
  return at::index_select(x, 0, copy_to_device(wide, x.device()));
}

}  // namespace

DeviceLayoutDecoder::DeviceLayoutDecoder(const WeightsView& weights, std::span<const DecodePrompt> prompts,
                                         std::span<const TokenBags* const> tokens,
                                         std::span<const std::int32_t> stream_prompt, std::int64_t max_steps,
                                         std::int64_t columns)
    : session_(weights, tokens, stream_prompt, max_steps), structure_size_(weights.config().structure_size) {
  const at::NoGradGuard no_grad;
  layout_rows_ = at_least_float(layout_rows(weights, columns));
  std::vector<std::int64_t> last;
  for (std::size_t p = 0; p < tokens.size(); ++p)
    last.push_back(session_.prompt_row(static_cast<std::int64_t>(p), tokens[p]->size() - 1));
  const at::Tensor& all = session_.prompt_hidden();
  hidden_ = at::index_select(all, 0, copy_to_device(last, all.device()));
  if (weights.config().layout_head == LayoutHeadKind::pointer) keep_candidates(weights, prompts);
}

void DeviceLayoutDecoder::keep_candidates(const WeightsView& weights, std::span<const DecodePrompt> prompts) {
  std::int64_t most = 0;
  for (const DecodePrompt& prompt : prompts) most = std::max(most, std::ssize(prompt.candidate_position));
  require(structure_size_ + most <= layout_rows_.size(0),
          "layout head: {} candidates do not fit in {} columns", most, layout_rows_.size(0));
  std::vector<std::int64_t> rows, place;
  for (std::size_t p = 0; p < prompts.size(); ++p)
    for (std::size_t j = 0; j < prompts[p].candidate_position.size(); ++j) {
      rows.push_back(session_.prompt_row(static_cast<std::int64_t>(p), prompts[p].candidate_position[j]));
      place.push_back(static_cast<std::int64_t>(p) * most + static_cast<std::int64_t>(j));
    }
  const at::Tensor& all = session_.prompt_hidden();
  const at::Tensor keys =
      at::linear(at_least_float(at::index_select(all, 0, copy_to_device(rows, all.device()))),
                 at_least_float(weights.at("pointer_head.k.weight")));
  const std::int64_t dim = keys.size(1), count = std::ssize(prompts);
  keys_ = at::zeros({count * most, dim}, keys.options())
              .index_copy_(0, copy_to_device(place, all.device()), keys)
              .view({count, most, dim});
  query_weight_ = at_least_float(weights.at("pointer_head.q.weight"));
}

void DeviceLayoutDecoder::step(std::span<const std::int32_t> streams, const TokenBags& tokens) {
  hidden_ = session_.step(streams, tokens);
}

at::Tensor DeviceLayoutDecoder::hidden(std::span<const std::int32_t> rows) const {
  return select_rows(hidden_, rows);
}

void DeviceLayoutDecoder::score(std::span<const std::int32_t> rows, std::span<const std::int32_t> prompts,
                                float* logits) {
  const at::NoGradGuard no_grad;
  const at::Tensor hidden = at_least_float(select_rows(hidden_, rows));
  at::Tensor scores = at::linear(hidden, layout_rows_);
  if (query_weight_.defined() && keys_.size(1) > 0) {
    const at::Tensor query = at::linear(hidden, query_weight_).unsqueeze(2);
    scores.narrow(1, structure_size_, keys_.size(1))
        .add_(at::bmm(select_rows(keys_, prompts), query).squeeze(2),
              1 / std::sqrt(static_cast<double>(query.size(1))));
  }
  std::ranges::copy(floats_on_host(scores), logits);
}

}  // namespace pagewright
