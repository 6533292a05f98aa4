#include "core/model/device/device_decode.hpp"

#include <algorithm>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "core/base/error.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/rope_table.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer_layer.hpp"

namespace pagewright {

DeviceDecodeSession::DeviceDecodeSession(const WeightsView& weights,
                                         std::span<const TokenBags* const> prompts,
                                         std::span<const std::int32_t> stream_prompt, std::int64_t max_steps)
    : weights_(weights) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = weights.config();
  const at::Tensor& embedding = weights.at("model.embed_tokens.weight");
  Batch batch;
  std::vector<std::int64_t> lengths;
  std::int64_t row = 0;
  for (const TokenBags* prompt : prompts) {
    require(prompt->size() > 0, "decode: a prompt is empty");
    batch.segments.push_back({*prompt, 0, -1});
    lengths.push_back(prompt->size());
    first_row_.push_back(row);
    row += prompt->size();
  }
  for (const std::int32_t prompt : stream_prompt)
    require(prompt >= 0 && static_cast<std::size_t>(prompt) < prompts.size(), "decode: prompt {} of {}",
            prompt, prompts.size());
  const std::int64_t longest = std::ranges::max(lengths);
  require(longest + max_steps <= config.max_positions,
          "decode: a prompt of {} positions and {} more do not fit in the model's max_positions {}", longest,
          max_steps, config.max_positions);
  rope_table(config, longest + max_steps, wide_type(embedding.scalar_type()), rope_cos_, rope_sin_);
  std::vector<LayerKeysValues> captured;
  prompt_hidden_ = hidden_states(weights, batch, &captured);
  cache_ = std::make_shared<CachedAttention>(
      std::move(lengths), std::vector<std::int32_t>(stream_prompt.begin(), stream_prompt.end()), max_steps,
      embedding.device());
  for (LayerKeysValues& layer : captured) {
    cache_->add_layer(layer, config.head_size());
    layer = {};
  }
}

at::Tensor DeviceDecodeSession::step(std::span<const std::int32_t> streams, const TokenBags& tokens) {
  const at::NoGradGuard no_grad;
  require(tokens.size() == std::ssize(streams), "decode: {} tokens for {} streams", tokens.size(),
          streams.size());
  const ModelConfig& config = weights_.config();
  const at::Tensor& embedding = weights_.at("model.embed_tokens.weight");
  for (const TokenId id : tokens.ids)
    require(id >= 0 && id < config.vocab_size, "decode: token {} is outside the vocabulary of {}", id,
            config.vocab_size);
  cache_->begin_step(streams);
  auto plan = c10::make_intrusive<BatchPlan>();
  plan->rows = tokens.size();
  const std::vector<std::int64_t> offsets(tokens.offsets.begin(), tokens.offsets.end());
  DevicePlan on_device = plan_device_rows(tokens.ids, offsets, cache_->positions(streams), rope_cos_,
                                          rope_sin_, embedding.device());
  on_device.attend = cache_;
  plan->device = std::make_shared<const DevicePlan>(std::move(on_device));
  at::Tensor x = embed_rows(embedding, layout_embedding(weights_), plan);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    cache_->begin_layer(layer);
    x = transformer_layer(weights_, layer, plan, x, nullptr);
  }
  cache_->end_step(streams);
  return rms_norm_rows(x, weights_.at("model.norm.weight"), config.norm_eps);
}

}  // namespace pagewright
