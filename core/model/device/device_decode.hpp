#pragma once
// Decoding with cached keys and values in ATen's operators: what DecodeSession (core/model/kv_cache.hpp) does
// on the CPU.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/model/device/cached_attention.hpp"
#include "core/model/weights_view.hpp"
#include "core/page/token_bags.hpp"

namespace pagewright {

/// Runs prompts once and then extends any number of streams (samples) of them, one position at a time, with
/// the layers of the full forward over cached keys. Hidden states equal those of hidden_states() on the whole
/// batch to rounding. The weights must outlive the session. Not thread-safe.
class DeviceDecodeSession {
 public:
  /// `stream_prompt[s]` is the prompt of stream s; each stream may take up to `max_steps` positions.
  DeviceDecodeSession(const WeightsView& weights, std::span<const TokenBags* const> prompts,
                      std::span<const std::int32_t> stream_prompt, std::int64_t max_steps);

  /// Hidden states of all prompt positions, [sum of the prompts' lengths, dim], prompt after prompt.
  const at::Tensor& prompt_hidden() const { return prompt_hidden_; }
  std::int64_t prompt_row(std::int64_t prompt, std::int64_t position) const {
    return first_row_[static_cast<std::size_t>(prompt)] + position;
  }

  /// Feeds position i of `tokens` to streams[i] (each at most once) and returns its hidden state after the
  /// final norm, [streams.size(), dim], on the device; does not wait for it.
  at::Tensor step(std::span<const std::int32_t> streams, const TokenBags& tokens);

 private:
  const WeightsView& weights_;
  at::Tensor rope_cos_, rope_sin_;  // [positions, head_size / 2], on the CPU
  std::vector<std::int64_t> first_row_;
  std::shared_ptr<CachedAttention> cache_;
  at::Tensor prompt_hidden_;  // [prompt rows, dim]
};

}  // namespace pagewright
