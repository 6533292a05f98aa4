#pragma once
// Generation of layout tokens: cached decoding and the layout head behind one interface, on whatever device
// the weights are.

#include <cstdint>
#include <memory>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "core/page/token_bags.hpp"

namespace pagewright {

/// A prompt and the positions of its candidates by place (Prompt::candidate_position), [M].
struct DecodePrompt {
  const TokenBags* tokens = nullptr;
  std::span<const std::int32_t> candidate_position;
};

/// Streams (samples) of some prompts, extended position by position. The rows that can be scored are at first
/// the last positions of the prompts, row p of prompt p, and after a step its positions, in the step's order.
/// Not thread-safe.
class LayoutDecoder {
 public:
  virtual ~LayoutDecoder() = default;
  /// Feeds position i of `tokens` to streams[i], each at most once.
  virtual void step(std::span<const std::int32_t> streams, const TokenBags& tokens) = 0;
  /// logits [rows.size(), columns] of these rows, which belong to prompts[i].
  virtual void score(std::span<const std::int32_t> rows, std::span<const std::int32_t> prompts,
                     float* logits) = 0;
  /// Hidden states of these rows, [rows.size(), dim], a copy.
  virtual at::Tensor hidden(std::span<const std::int32_t> rows) const = 0;
};

/// Runs the prompts. `stream_prompt[s]` is the prompt of stream s, each stream may take up to `max_steps`
/// positions; `columns` layout tokens are scored, at least structure_size + the largest M. On own kernels
/// (on the CPU) rows have the bits of hidden_states() and layout_logits(), elsewhere they
/// equal them to rounding. `weights` must outlive the decoder.
std::unique_ptr<LayoutDecoder> make_layout_decoder(const WeightsView& weights,
                                                   std::span<const DecodePrompt> prompts,
                                                   std::span<const std::int32_t> stream_prompt,
                                                   std::int64_t max_steps, std::int64_t columns);

}  // namespace pagewright
