#pragma once
// Attention of new positions over cached keys and values, in ATen's operators.

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "core/model/device/device_plan.hpp"
#include "core/model/transformer.hpp"

namespace pagewright {

/// Blocks of keys and values that are allocated once: one a prompt, shared by its streams, and one a stream.
/// They are in float (double for double), so that scores are not rounded to narrower parameters' type. Scores
/// of a prompt's streams are one product with the prompt's block, which is not copied; a stream's own keys
/// are seen up to its last step and no further.
class CachedAttention final : public RowAttention {
 public:
  /// `lengths` [prompts] of the prompts, `stream_prompt` [streams]; blocks for `max_steps` positions a
  /// stream.
  CachedAttention(std::vector<std::int64_t> lengths, std::vector<std::int32_t> stream_prompt,
                  std::int64_t max_steps, c10::Device device);

  /// Takes the prompts' keys and values of the next layer, rows prompt after prompt; once for every layer.
  void add_layer(const LayerKeysValues& prompts, std::int64_t head_size);

  /// Positions, [streams.size()], of the streams' next rows.
  std::vector<std::int64_t> positions(std::span<const std::int32_t> streams) const;
  /// The next rows are one more position of each of these streams.
  void begin_step(std::span<const std::int32_t> streams);
  /// attend() is asked for this layer next; all layers are, in each step.
  void begin_layer(std::int64_t layer) { layer_ = static_cast<std::size_t>(layer); }
  void end_step(std::span<const std::int32_t> streams);

  at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                    std::int64_t head_size, std::int64_t window) override;

 private:
  struct Layer {
    at::Tensor prompt_keys, prompt_values;  // [prompts, kv_heads, longest, head_size]
    at::Tensor own_keys, own_values;        // [streams, max_steps, kv_heads, head_size]
  };
  /// Rows of one step, n of them. They lie by prompt too: P prompts that have any, W places for each.
  struct Step {
    std::int64_t rows = 0, prompts = 0, width = 0, longest = 0;  ///< longest: steps of any row, this included
    at::Tensor slot;                                             // [n] stream * max_steps + step
    at::Tensor streams;                                          // [n]
    at::Tensor prompt;                                           // [P] which ones; undefined: all, in order
    at::Tensor by_prompt, place;               // [P * W] rows, [n] where each row lies among them
    at::Tensor length, step;                   // [n, 1]
    std::map<std::int64_t, at::Tensor> masks;  ///< by window, [n, 1, 1, longest prompt + longest]
  };

  const at::Tensor& mask_of(std::int64_t window, at::ScalarType type);
  at::Tensor to_prompts(const at::Tensor& rows) const;
  at::Tensor from_prompts(const at::Tensor& blocks) const;

  std::vector<std::int64_t> lengths_, steps_;  // [prompts], [streams] taken
  std::vector<std::int32_t> stream_prompt_;    // [streams]
  std::int64_t max_steps_, longest_ = 0;
  c10::Device device_;
  at::Tensor prompt_rows_;  // [prompts * longest] rows of the prompts' keys, padded with row 0
  std::vector<Layer> layers_;
  std::size_t layer_ = 0;
  Step step_;
};

}  // namespace pagewright
