#include "core/model/device/device_head.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/sum.h>
#include <ATen/ops/zeros.h>

#include "core/model/device/operator_choice.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright::device {
namespace {

/// Rows of each prompt side by side, padded with row 0.
struct PromptRows {
  std::int64_t prompts = 0, width = 0;
  std::vector<std::int64_t> rows;   // [prompts * width] into the rows that are dealt
  std::vector<std::int64_t> place;  // [rows] into the above

  explicit PromptRows(const TargetRows& targets)
      : prompts(static_cast<std::int64_t>(targets.candidate_offsets.size()) - 1) {
    std::vector<std::int64_t> count(static_cast<std::size_t>(prompts), 0);
    for (const std::int32_t prompt : targets.prompt)
      width = std::max(width, ++count[static_cast<std::size_t>(prompt)]);
    rows.assign(static_cast<std::size_t>(prompts * width), 0);
    std::ranges::fill(count, 0);
    for (std::size_t r = 0; r < targets.prompt.size(); ++r) {
      const std::int32_t prompt = targets.prompt[r];
      const std::int64_t at = prompt * width + count[static_cast<std::size_t>(prompt)]++;
      rows[static_cast<std::size_t>(at)] = static_cast<std::int64_t>(r);
      place.push_back(at);
    }
  }
};

/// [prompts * most] key of each candidate, padded with key 0.
std::vector<std::int64_t> padded_candidates(const TargetRows& targets, std::int64_t prompts,
                                            std::int64_t most) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(prompts * most), 0);
  for (std::int64_t prompt = 0; prompt < prompts; ++prompt) {
    const auto p = static_cast<std::size_t>(prompt);
    for (std::int32_t i = targets.candidate_offsets[p]; i < targets.candidate_offsets[p + 1]; ++i)
      rows[static_cast<std::size_t>(prompt * most + i - targets.candidate_offsets[p])] = i;
  }
  return rows;
}

/// [R, most] whether the row's prompt has so many candidates.
at::Tensor candidate_is_there(const TargetRows& targets, std::int64_t most, c10::Device device) {
  std::vector<std::int64_t> there;
  for (std::size_t r = 0; r < targets.prompt.size(); ++r) {
    const auto p = static_cast<std::size_t>(targets.prompt[r]);
    const std::int64_t count = targets.candidate_offsets[p + 1] - targets.candidate_offsets[p];
    for (std::int64_t j = 0; j < count; ++j) there.push_back(static_cast<std::int64_t>(r) * most + j);
  }
  const auto rows = static_cast<std::int64_t>(targets.prompt.size());
  return at::zeros({rows * most}, at::TensorOptions(device).dtype(at::kBool))
      .index_fill_(0, copy_to_device(there, device), true)
      .view({rows, most});
}

/// [R, columns] whether the entry is allowed.
at::Tensor allowed_mask(const TargetRows& targets, std::int64_t columns, c10::Device device) {
  std::vector<std::int64_t> allowed;
  const std::size_t rows = targets.target.size();
  for (std::size_t r = 0; r < rows; ++r)
    for (std::int32_t i = targets.allowed_offsets[r]; i < targets.allowed_offsets[r + 1]; ++i)
      allowed.push_back(static_cast<std::int64_t>(r) * columns +
                        targets.allowed[static_cast<std::size_t>(i)]);
  return at::zeros({static_cast<std::int64_t>(rows) * columns}, at::TensorOptions(device).dtype(at::kBool))
      .index_fill_(0, copy_to_device(allowed, device), true)
      .view({static_cast<std::int64_t>(rows), columns});
}

}  // namespace

at::Tensor add_pointer_scores(const at::Tensor& logits, const at::Tensor& query, const at::Tensor& keys,
                              const TargetRows& targets, std::int64_t first_column, std::int64_t most) {
  const PromptRows dealt(targets);
  const std::int64_t dim = query.size(1), columns = logits.size(1);
  if (dealt.width == 0 || most == 0) return logits;
  const c10::Device device = logits.device();
  const at::Tensor q =
      at::index_select(query, 0, copy_to_device(dealt.rows, device)).view({dealt.prompts, dealt.width, dim});
  const at::Tensor k =
      at::index_select(keys, 0, copy_to_device(padded_candidates(targets, dealt.prompts, most), device))
          .view({dealt.prompts, most, dim});
  const at::Tensor all = at::bmm(q, k.transpose(1, 2)).view({dealt.prompts * dealt.width, most});
  const at::Tensor scores =
      (at::index_select(all, 0, copy_to_device(dealt.place, device)) / std::sqrt(static_cast<double>(dim)))
          .masked_fill(candidate_is_there(targets, most, device).logical_not(), 0.0);
  return logits + at::constant_pad_nd(scores, {first_column, columns - first_column - most}, 0);
}

LayoutLogProbs allowed_log_softmax(const at::Tensor& logits, const TargetRows& targets, double temperature) {
  const c10::Device device = logits.device();
  const std::int64_t columns = logits.size(1);
  const at::Tensor forbidden = allowed_mask(targets, columns, device).logical_not();
  const at::Tensor all = at::log_softmax(
      (at_least_float(logits) / temperature).masked_fill(forbidden, -std::numeric_limits<double>::infinity()),
      1);
  const std::vector<std::int64_t> target(targets.target.begin(), targets.target.end());
  const at::Tensor finite = all.masked_fill(forbidden, 0.0);
  return {all.gather(1, copy_to_device(target, device).unsqueeze(1)).squeeze(1),
          -at::sum(all.exp() * finite, {-1})};
}

}  // namespace pagewright::device
