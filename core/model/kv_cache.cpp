#include "core/model/kv_cache.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <torch/csrc/autograd/grad_mode.h>

#include "core/base/error.hpp"
#include "core/model/attention.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/model/real_dispatch.hpp"
#include "core/model/rope_table.hpp"
#include "core/model/row_functions.hpp"
#include "core/model/transformer.hpp"

namespace pagewright {

template <class T>
DecodeSession<T>::DecodeSession(const WeightsView& weights, std::span<const TokenBags* const> prompts,
                                std::span<const std::int32_t> stream_prompt, std::int64_t max_steps)
    : config_(weights.config()), max_steps_(max_steps) {
  const at::NoGradGuard no_grad;
  Batch batch;
  std::int64_t row = 0, key_offset = 0, longest = 0;
  for (const TokenBags* prompt : prompts) {
    batch.segments.push_back({*prompt, 0, -1});
    const std::int64_t length = prompt->size();
    require(length > 0, "decode: a prompt is empty");
    prompts_.push_back({row, length, key_offset});
    row += length;
    key_offset += config_.kv_heads * config_.head_size() * padded_to_lanes(length);
    longest = std::max(longest, length);
  }
  require(longest + max_steps <= config_.max_positions,
          "decode: a prompt of {} positions and {} more do not fit in the model's max_positions {}", longest,
          max_steps, config_.max_positions);
  load_layers(weights);
  rope_table(config_, longest + max_steps, activation_type(embedding_), rope_cos_, rope_sin_);
  std::vector<LayerKeysValues> captured;
  prompt_hidden_ = hidden_states(weights, batch, &captured);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].prompt_keys.resize(static_cast<std::size_t>(key_offset));
    layers_[i].prompt_values = captured[i].values.contiguous();
    keep_prompt_keys(i, captured[i].keys.contiguous());
  }
  for (const std::int32_t prompt : stream_prompt) {
    require(prompt >= 0 && static_cast<std::size_t>(prompt) < prompts_.size(), "decode: prompt {} of {}",
            prompt, prompts_.size());
    streams_.push_back({prompt, 0});
  }
  begin_streams(max_steps);
}

template <class T>
typename DecodeSession<T>::Matrix DecodeSession<T>::load_matrix(const WeightsView& weights,
                                                                const std::string& module,
                                                                bool biased) const {
  const auto turned = [&](const char* name) {
    return weights.turned(module + name, c10::CppTypeToScalarType<T>::value);
  };
  Matrix matrix;
  matrix.weight_t = turned(".weight");
  if (biased) matrix.bias = vector_of(weights, module + ".bias");
  if (config_.lora.adapts(module)) {
    matrix.lora_a_t = turned(".lora_A.weight");
    matrix.lora_b_t = turned(".lora_B.weight");
  }
  return matrix;
}

template <class T>
at::Tensor DecodeSession<T>::vector_of(const WeightsView& weights, const std::string& name) {
  return weights.at(name).to(c10::CppTypeToScalarType<T>::value).contiguous();
}

template <class T>
void DecodeSession<T>::load_layers(const WeightsView& weights) {
  embedding_ = weights.at("model.embed_tokens.weight").contiguous();
  layout_embedding_ = layout_embedding(weights);
  final_norm_ = vector_of(weights, "model.norm.weight");
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    Layer layer;
    layer.window = config_.window(i);
    layer.input_norm = vector_of(weights, prefix + "input_layernorm.weight");
    layer.output_norm = vector_of(weights, prefix + "post_attention_layernorm.weight");
    layer.q = load_matrix(weights, prefix + "self_attn.q_proj", config_.qkv_bias);
    layer.k = load_matrix(weights, prefix + "self_attn.k_proj", config_.qkv_bias);
    layer.v = load_matrix(weights, prefix + "self_attn.v_proj", config_.qkv_bias);
    layer.o = load_matrix(weights, prefix + "self_attn.o_proj", config_.output_bias);
    layer.gate = load_matrix(weights, prefix + "mlp.gate_proj", config_.mlp_bias);
    layer.up = load_matrix(weights, prefix + "mlp.up_proj", config_.mlp_bias);
    layer.down = load_matrix(weights, prefix + "mlp.down_proj", config_.mlp_bias);
    if (config_.qk_norm) {
      layer.q_norm = vector_of(weights, prefix + "self_attn.q_norm.weight");
      layer.k_norm = vector_of(weights, prefix + "self_attn.k_norm.weight");
    }
    layers_.push_back(std::move(layer));
  }
}

template <class T>
void DecodeSession<T>::keep_prompt_keys(std::size_t layer, const at::Tensor& keys) {
  const std::int64_t size = config_.head_size(), width = config_.kv_heads * size;
  for (const PromptBlock& prompt : prompts_) {
    const std::int64_t stride = padded_to_lanes(prompt.length);
    for (std::int64_t kv = 0; kv < config_.kv_heads; ++kv)
      transpose_keys(prompt.length, size, keys.const_data_ptr<T>() + prompt.first_row * width + kv * size,
                     width, layers_[layer].prompt_keys.data() + prompt.key_offset + kv * size * stride,
                     stride);
  }
}

/// A stream's own block starts with its prompt's last, incomplete chunk of keys, so that key j of the walk
/// keeps its lane.
template <class T>
void DecodeSession<T>::begin_streams(std::int64_t max_steps) {
  const std::int64_t size = config_.head_size(), width = config_.kv_heads * size;
  const auto streams = static_cast<std::int64_t>(streams_.size());
  own_stride_ = padded_to_lanes(kLanes - 1 + max_steps);
  for (Layer& layer : layers_) {
    layer.own_keys.assign(static_cast<std::size_t>(streams * width * own_stride_), T(0));
    layer.own_values.resize(static_cast<std::size_t>(streams * max_steps * width));
    for (std::int64_t s = 0; s < streams; ++s) {
      const PromptBlock& prompt =
          prompts_[static_cast<std::size_t>(streams_[static_cast<std::size_t>(s)].prompt)];
      const std::int64_t stride = padded_to_lanes(prompt.length), whole = prompt.length / kLanes * kLanes;
      const T* source = layer.prompt_keys.data() + prompt.key_offset + whole;
      T* own = layer.own_keys.data() + s * width * own_stride_;
      for (std::int64_t d = 0; d < width; ++d)
        std::copy_n(source + d * stride, prompt.length - whole, own + d * own_stride_);
    }
  }
}

template <class T>
void DecodeSession<T>::norm(std::int64_t rows, std::int64_t dim, const T* x, const at::Tensor& weight, T* y) {
  scratch_.rstd.resize(static_cast<std::size_t>(rows));
  kernels<T>().rms_norm(rows, dim, x, weight.const_data_ptr<T>(), static_cast<T>(config_.norm_eps), y,
                        scratch_.rstd.data());
}

template <class T>
void DecodeSession<T>::product(std::int64_t rows, const T* x, const at::Tensor& weight_t,
                               const at::Tensor& bias, T* y) {
  GemmOperands<T> o;
  o.rows = rows, o.depth = weight_t.size(0), o.cols = weight_t.size(1);
  o.a = x, o.a_row = o.depth;
  o.b = weight_t.const_data_ptr<T>(), o.b_depth = o.cols;
  if (bias.defined()) o.bias = bias.const_data_ptr<T>();
  o.c = y, o.c_row = o.cols;
  gemm(o);
}

/// As the forward pass: the narrow product is scaled, and what it becomes is added. Merged weights would
/// give other bits.
template <class T>
void DecodeSession<T>::linear(std::int64_t rows, const T* x, const Matrix& matrix, T* y) {
  product(rows, x, matrix.weight_t, matrix.bias, y);
  if (!matrix.lora_a_t.defined()) return;
  const auto narrow = static_cast<std::size_t>(rows * matrix.lora_a_t.size(1)),
             wide = static_cast<std::size_t>(rows * matrix.lora_b_t.size(1));
  scratch_.narrow.resize(std::max(scratch_.narrow.size(), narrow));
  scratch_.adapted.resize(std::max(scratch_.adapted.size(), wide));
  product(rows, x, matrix.lora_a_t, {}, scratch_.narrow.data());
  const T scale = static_cast<T>(config_.lora.scale());
  for (std::size_t i = 0; i < narrow; ++i) scratch_.narrow[i] *= scale;
  product(rows, scratch_.narrow.data(), matrix.lora_b_t, {}, scratch_.adapted.data());
  for (std::size_t i = 0; i < wide; ++i) y[i] += scratch_.adapted[i];
}

template <class T>
void DecodeSession<T>::append_key_value(Layer& layer, std::int32_t stream, const T* key, const T* value) {
  const Stream& state = streams_[static_cast<std::size_t>(stream)];
  const std::int64_t width = config_.kv_heads * config_.head_size();
  const std::int64_t at = prompts_[static_cast<std::size_t>(state.prompt)].length % kLanes + state.steps;
  T* keys = layer.own_keys.data() + stream * width * own_stride_ + at;
  for (std::int64_t d = 0; d < width; ++d) keys[d * own_stride_] = key[d];
  std::copy_n(value, width, layer.own_values.data() + (stream * max_steps_ + state.steps) * width);
}

template <class T>
void DecodeSession<T>::attend(const Layer& layer, std::int32_t stream, const T* query, T* out) {
  const Stream& state = streams_[static_cast<std::size_t>(stream)];
  const PromptBlock& prompt = prompts_[static_cast<std::size_t>(state.prompt)];
  const std::int64_t size = config_.head_size(), width = config_.kv_heads * size;
  const std::int64_t group = config_.heads / config_.kv_heads;
  AttentionKeys<T> keys;
  keys.key_stride[0] = padded_to_lanes(prompt.length), keys.key_stride[1] = own_stride_;
  keys.chunk_split = prompt.length / kLanes;
  keys.value_stride = width, keys.row_split = prompt.length;
  keys.count = prompt.length + state.steps + 1;
  if (layer.window > 0) keys.first = std::max<std::int64_t>(0, keys.count - layer.window);
  scratch_.walk.resize(static_cast<std::size_t>(padded_to_lanes(keys.count) + size));
  for (std::int64_t kv = 0; kv < config_.kv_heads; ++kv) {
    keys.keys[0] = layer.prompt_keys.data() + prompt.key_offset + kv * size * keys.key_stride[0];
    keys.keys[1] = layer.own_keys.data() + (stream * width + kv * size) * own_stride_;
    keys.values[0] = layer.prompt_values.template const_data_ptr<T>() + prompt.first_row * width + kv * size;
    keys.values[1] = layer.own_values.data() + stream * max_steps_ * width + kv * size;
    for (std::int64_t h = kv * group; h < (kv + 1) * group; ++h)
      kernels<T>().attention_row(size, T(1) / std::sqrt(static_cast<T>(size)), query + h * size, keys,
                                 out + h * size, scratch_.walk.data());
  }
}

template <class T>
void DecodeSession<T>::attention_block(Layer& layer, std::span<const std::int32_t> streams) {
  const auto rows = static_cast<std::int64_t>(streams.size());
  const std::int64_t size = config_.head_size(), q_width = config_.heads * size,
                     kv_width = config_.kv_heads * size;
  Scratch& s = scratch_;
  norm(rows, config_.dim, s.x.data(), layer.input_norm, s.input.data());
  linear(rows, s.input.data(), layer.q, s.query.data());
  linear(rows, s.input.data(), layer.k, s.key.data());
  linear(rows, s.input.data(), layer.v, s.value.data());
  if (config_.qk_norm) {
    norm(rows * config_.heads, size, s.query.data(), layer.q_norm, s.mixed.data());
    std::swap(s.query, s.mixed);
    norm(rows * config_.kv_heads, size, s.key.data(), layer.k_norm, s.mixed.data());
    std::swap(s.key, s.mixed);
  }
  std::vector<T>& turned = s.gate;  // free until the feed-forward block
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int32_t stream = streams[static_cast<std::size_t>(r)];
    const Stream& state = streams_[static_cast<std::size_t>(stream)];
    const std::int64_t position = prompts_[static_cast<std::size_t>(state.prompt)].length + state.steps;
    const T* cosine = rope_cos_.const_data_ptr<T>() + position * (size / 2);
    const T* sine = rope_sin_.const_data_ptr<T>() + position * (size / 2);
    rotate_row(kv_width, size / 2, cosine, sine, T(1), s.key.data() + r * kv_width, turned.data());
    append_key_value(layer, stream, turned.data(), s.value.data() + r * kv_width);
    rotate_row(q_width, size / 2, cosine, sine, T(1), s.query.data() + r * q_width, turned.data());
    attend(layer, stream, turned.data(), s.mixed.data() + r * q_width);
  }
  linear(rows, s.mixed.data(), layer.o, s.out.data());
  for (std::int64_t i = 0; i < rows * config_.dim; ++i)
    s.x[static_cast<std::size_t>(i)] += s.out[static_cast<std::size_t>(i)];
}

template <class T>
void DecodeSession<T>::feed_forward_block(const Layer& layer, std::int64_t rows) {
  Scratch& s = scratch_;
  norm(rows, config_.dim, s.x.data(), layer.output_norm, s.input.data());
  linear(rows, s.input.data(), layer.gate, s.gate.data());
  linear(rows, s.input.data(), layer.up, s.up.data());
  kernels<T>().swiglu(rows * config_.ffn_dim, s.gate.data(), s.up.data(), s.gate.data());
  linear(rows, s.gate.data(), layer.down, s.out.data());
  for (std::int64_t i = 0; i < rows * config_.dim; ++i)
    s.x[static_cast<std::size_t>(i)] += s.out[static_cast<std::size_t>(i)];
}

template <class T>
void DecodeSession<T>::step(std::span<const std::int32_t> streams, const TokenBags& tokens, T* hidden) {
  const auto rows = static_cast<std::int64_t>(streams.size());
  require(tokens.size() == rows, "decode: {} tokens for {} streams", tokens.size(), rows);
  const std::int64_t q_width = config_.heads * config_.head_size();
  Scratch& s = scratch_;
  const std::int64_t widest = std::max({config_.dim, config_.ffn_dim, q_width});
  for (std::vector<T>* buffer :
       {&s.x, &s.input, &s.query, &s.key, &s.value, &s.mixed, &s.out, &s.gate, &s.up})
    if (buffer->size() < static_cast<std::size_t>(rows * widest))
      buffer->resize(static_cast<std::size_t>(rows * widest));
  const EmbeddingRows<T> embedding(embedding_, layout_embedding_);
  for (std::int64_t r = 0; r < rows; ++r) {
    const Stream& state = streams_.at(static_cast<std::size_t>(streams[static_cast<std::size_t>(r)]));
    require(state.steps < max_steps_, "decode: a stream takes more than its {} positions", max_steps_);
    for (const TokenId id : tokens.at(static_cast<int>(r)))
      require(id >= 0 && id < config_.vocab_size, "decode: token {} is outside the vocabulary of {}", id,
              config_.vocab_size);
    embedding.embed(tokens.at(static_cast<int>(r)), s.x.data() + r * config_.dim);
  }
  for (Layer& layer : layers_) {
    attention_block(layer, streams);
    feed_forward_block(layer, rows);
  }
  norm(rows, config_.dim, s.x.data(), final_norm_, hidden);
  for (const std::int32_t stream : streams) ++streams_[static_cast<std::size_t>(stream)].steps;
}

template class DecodeSession<float>;
template class DecodeSession<double>;

}  // namespace pagewright
