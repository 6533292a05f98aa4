#pragma once
// Decoding with cached keys and values: one block per prompt, shared by its streams, and one per stream.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "core/page/token_bags.hpp"

namespace pagewright {

/// Runs prompts once and then extends any number of streams (samples) of them, one position at a time. The
/// hidden states equal those of hidden_states() on the whole batch bit for bit (Note [Row invariance]). T is
/// the dtype of the weights, or float where they are bfloat16; the weights must outlive the session. Not
/// thread-safe; sessions are independent.
template <class T>
class DecodeSession {
 public:
  /// `stream_prompt[s]` is the prompt of stream s; each stream may take up to `max_steps` positions.
  DecodeSession(const WeightsView& weights, std::span<const TokenBags* const> prompts,
                std::span<const std::int32_t> stream_prompt, std::int64_t max_steps);

  /// Hidden states of all prompt positions, [sum of the prompts' lengths, dim], prompt after prompt.
  const at::Tensor& prompt_hidden() const { return prompt_hidden_; }
  /// Row of a prompt's position in prompt_hidden().
  std::int64_t prompt_row(std::int64_t prompt, std::int64_t position) const {
    return prompts_[static_cast<std::size_t>(prompt)].first_row + position;
  }

  /// Feeds position i of `tokens` to streams[i] (each at most once) and writes its hidden state after the
  /// final norm, `hidden` [streams.size(), dim].
  void step(std::span<const std::int32_t> streams, const TokenBags& tokens, T* hidden);

 private:
  /// Transposed, so that products need not turn it at every step.
  struct Matrix {
    at::Tensor weight_t;            // [in, out]
    at::Tensor bias;                // [out] or undefined
    at::Tensor lora_a_t, lora_b_t;  // [in, rank], [rank, out] or undefined
  };
  struct Layer {
    at::Tensor input_norm, output_norm, q_norm, k_norm;  // [dim] or [head_size]
    Matrix q, k, v, o, gate, up, down;
    std::int64_t window = 0;
    std::vector<T> prompt_keys;  // [kv_heads, head_size, padded length] prompt after prompt
    at::Tensor prompt_values;    // [prompt rows, kv_width]
    std::vector<T> own_keys;     // [streams, kv_heads, head_size, own_stride_]
    std::vector<T> own_values;   // [streams, max_steps, kv_width]
  };
  struct PromptBlock {
    std::int64_t first_row = 0, length = 0;
    std::int64_t key_offset = 0;  ///< into Layer::prompt_keys
  };
  struct Stream {
    std::int32_t prompt = 0;
    std::int64_t steps = 0;
  };
  /// Activations of one step, reused.
  struct Scratch {
    std::vector<T> x, input, query, key, value, mixed, out, gate, up, rstd, walk, narrow, adapted;
  };

  void load_layers(const WeightsView& weights);
  void keep_prompt_keys(std::size_t layer, const at::Tensor& keys);
  void begin_streams(std::int64_t max_steps);
  void attention_block(Layer& layer, std::span<const std::int32_t> streams);
  void append_key_value(Layer& layer, std::int32_t stream, const T* key, const T* value);
  void attend(const Layer& layer, std::int32_t stream, const T* query, T* out);
  void feed_forward_block(const Layer& layer, std::int64_t rows);
  void norm(std::int64_t rows, std::int64_t dim, const T* x, const at::Tensor& weight, T* y);
  /// In T.
  static at::Tensor vector_of(const WeightsView& weights, const std::string& name);
  Matrix load_matrix(const WeightsView& weights, const std::string& module, bool biased) const;
  void product(std::int64_t rows, const T* x, const at::Tensor& weight_t, const at::Tensor& bias, T* y);
  void linear(std::int64_t rows, const T* x, const Matrix& matrix, T* y);

  ModelConfig config_;
  at::Tensor embedding_, layout_embedding_, final_norm_;  // [vocab, dim], see embed_rows(), [dim]
  at::Tensor rope_cos_, rope_sin_;                        // [positions, head_size / 2]
  std::vector<Layer> layers_;
  std::vector<PromptBlock> prompts_;
  std::vector<Stream> streams_;
  at::Tensor prompt_hidden_;  // [prompt rows, dim]
  std::int64_t own_stride_ = 0, max_steps_ = 0;
  Scratch scratch_;
};

}  // namespace pagewright
