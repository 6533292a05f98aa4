#include "core/model/device/cached_attention.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {

CachedAttention::CachedAttention(std::vector<std::int64_t> lengths, std::vector<std::int32_t> stream_prompt,
                                 std::int64_t max_steps, c10::Device device)
    : lengths_(std::move(lengths)),
      steps_(stream_prompt.size(), 0),
      stream_prompt_(std::move(stream_prompt)),
      max_steps_(max_steps),
      longest_(std::ranges::max(lengths_)),
      device_(device) {
  std::vector<std::int64_t> rows(lengths_.size() * static_cast<std::size_t>(longest_), 0);
  std::int64_t row = 0;
  for (std::size_t prompt = 0; prompt < lengths_.size(); ++prompt)
    for (std::int64_t i = 0; i < lengths_[prompt]; ++i)
      rows[prompt * static_cast<std::size_t>(longest_) + static_cast<std::size_t>(i)] = row++;
  prompt_rows_ = copy_to_device(rows, device);
}

void CachedAttention::add_layer(const LayerKeysValues& prompts, std::int64_t head_size) {
  const std::int64_t kv_heads = prompts.keys.size(1) / head_size;
  const auto block = [&](const at::Tensor& rows) {
    return at::index_select(at_least_float(rows), 0, prompt_rows_)
        .view({static_cast<std::int64_t>(lengths_.size()), longest_, kv_heads, head_size})
        .transpose(1, 2)
        .contiguous();
  };
  Layer layer{block(prompts.keys), block(prompts.values), {}, {}};
  layer.own_keys = at::zeros({static_cast<std::int64_t>(steps_.size()), max_steps_, kv_heads, head_size},
                             layer.prompt_keys.options());
  layer.own_values = layer.own_keys.clone();
  layers_.push_back(std::move(layer));
}

std::vector<std::int64_t> CachedAttention::positions(std::span<const std::int32_t> streams) const {
  std::vector<std::int64_t> positions;
  for (const std::int32_t stream : streams) {
    const auto s = static_cast<std::size_t>(stream);
    positions.push_back(lengths_[static_cast<std::size_t>(stream_prompt_[s])] + steps_[s]);
  }
  return positions;
}

void CachedAttention::begin_step(std::span<const std::int32_t> streams) {
  std::vector<std::int64_t> numbers, slot, prompts, place_of(lengths_.size(), -1), length, step;
  std::vector<std::vector<std::int64_t>> rows;  // by place of the prompt
  Step next;
  for (const std::int32_t stream : streams) {
    const auto s = static_cast<std::size_t>(stream), p = static_cast<std::size_t>(stream_prompt_.at(s));
    require(steps_[s] < max_steps_, "decode: stream {} has taken its {} steps", stream, max_steps_);
    if (place_of[p] < 0) {
      place_of[p] = static_cast<std::int64_t>(prompts.size());
      prompts.push_back(static_cast<std::int64_t>(p));
      rows.emplace_back();
    }
    rows[static_cast<std::size_t>(place_of[p])].push_back(static_cast<std::int64_t>(numbers.size()));
    next.width = std::max(next.width, std::ssize(rows[static_cast<std::size_t>(place_of[p])]));
    next.longest = std::max(next.longest, steps_[s] + 1);
    numbers.push_back(stream);
    slot.push_back(stream * max_steps_ + steps_[s]);
    length.push_back(lengths_[p]);
    step.push_back(steps_[s]);
  }
  next.rows = std::ssize(numbers);
  next.prompts = std::ssize(prompts);
  std::vector<std::int64_t> by_prompt(static_cast<std::size_t>(next.prompts * next.width), 0),
      place(numbers.size(), 0);
  for (std::size_t p = 0; p < rows.size(); ++p)
    for (std::size_t i = 0; i < rows[p].size(); ++i) {
      const std::size_t at = p * static_cast<std::size_t>(next.width) + i;
      by_prompt[at] = rows[p][i];
      place[static_cast<std::size_t>(rows[p][i])] = static_cast<std::int64_t>(at);
    }
  next.slot = copy_to_device(slot, device_);
  next.streams = copy_to_device(numbers, device_);
  if (next.prompts < std::ssize(lengths_) || !std::ranges::is_sorted(prompts))
    next.prompt = copy_to_device(prompts, device_);
  next.by_prompt = copy_to_device(by_prompt, device_);
  next.place = copy_to_device(place, device_);
  next.length = copy_to_device(length, device_).unsqueeze(1);
  next.step = copy_to_device(step, device_).unsqueeze(1);
  step_ = std::move(next);
}

void CachedAttention::end_step(std::span<const std::int32_t> streams) {
  for (const std::int32_t stream : streams) ++steps_[static_cast<std::size_t>(stream)];
}

const at::Tensor& CachedAttention::mask_of(std::int64_t window, at::ScalarType type) {
  at::Tensor& mask = step_.masks[window];
  if (mask.defined()) return mask;
  const at::TensorOptions numbers = at::TensorOptions(device_).dtype(at::kLong);
  const at::Tensor in_prompt = at::arange(longest_, numbers).unsqueeze(0),
                   in_own = at::arange(step_.longest, numbers).unsqueeze(0);
  at::Tensor prompt_seen = in_prompt.lt(step_.length), own_seen = in_own.le(step_.step);
  if (window > 0) {
    prompt_seen = prompt_seen & in_prompt.gt(step_.length + step_.step - window);
    own_seen = own_seen & in_own.gt(step_.step - window);
  }
  const at::Tensor seen = at::cat({prompt_seen, own_seen}, 1);
  mask = at::zeros(seen.sizes(), seen.options().dtype(type))
             .masked_fill_(seen.logical_not(), -std::numeric_limits<double>::infinity())
             .unsqueeze(1)
             .unsqueeze(1);
  return mask;
}

/// [n, kv_heads, group, x] of rows to [P, kv_heads, group * W, x] of prompts.
at::Tensor CachedAttention::to_prompts(const at::Tensor& rows) const {
  return at::index_select(rows, 0, step_.by_prompt)
      .view({step_.prompts, step_.width, rows.size(1), rows.size(2), rows.size(3)})
      .permute({0, 2, 3, 1, 4})
      .reshape({step_.prompts, rows.size(1), rows.size(2) * step_.width, rows.size(3)});
}

/// And back.
at::Tensor CachedAttention::from_prompts(const at::Tensor& blocks) const {
  const std::int64_t kv_heads = blocks.size(1), group = blocks.size(2) / step_.width;
  return at::index_select(blocks.view({step_.prompts, kv_heads, group, step_.width, blocks.size(3)})
                              .permute({0, 3, 1, 2, 4})
                              .reshape({step_.prompts * step_.width, kv_heads, group, blocks.size(3)}),
                          0, step_.place);
}

at::Tensor CachedAttention::attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                   std::int64_t head_size, std::int64_t window) {
  Layer& layer = layers_.at(layer_);
  const std::int64_t n = step_.rows, kv_heads = key.size(1) / head_size, group = query.size(1) / key.size(1);
  const auto append = [&](at::Tensor& block, const at::Tensor& rows) {
    block.view({-1, kv_heads, head_size})
        .index_copy_(0, step_.slot, at_least_float(rows).view({n, kv_heads, head_size}));
    return at::index_select(block.narrow(1, 0, step_.longest), 0, step_.streams).transpose(1, 2);
  };
  const at::Tensor own_keys = append(layer.own_keys, key), own_values = append(layer.own_values, value);
  const at::Tensor q = (at_least_float(query) / std::sqrt(static_cast<double>(head_size)))
                           .view({n, kv_heads, group, head_size});
  const auto block = [&](const at::Tensor& of_all) {
    return step_.prompt.defined() ? at::index_select(of_all, 0, step_.prompt) : of_all;
  };
  const at::Tensor prompt_scores =
      from_prompts(at::matmul(to_prompts(q), block(layer.prompt_keys).transpose(2, 3)));
  const at::Tensor scores = at::cat({prompt_scores, at::matmul(q, own_keys.transpose(2, 3))}, 3);
  const at::Tensor weights = at::softmax(scores + mask_of(window, scores.scalar_type()), 3);
  const at::Tensor of_prompt =
      from_prompts(at::matmul(to_prompts(weights.narrow(3, 0, longest_)), block(layer.prompt_values)));
  const at::Tensor of_own = at::matmul(weights.narrow(3, longest_, step_.longest), own_values);
  return (of_prompt + of_own).reshape({n, query.size(1)}).to(query.scalar_type());
}

}  // namespace pagewright
