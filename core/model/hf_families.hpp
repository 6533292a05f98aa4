#pragma once
// What the supported values of `model_type` stand for.

#include <cstdint>
#include <string_view>

namespace pagewright {

/// Defaults are those of `transformers`' configuration classes for absent keys; 0: derived from other fields.
struct HfFamily {
  const char* type;
  const char* architecture;
  std::int64_t kv_heads;
  std::int64_t head_dim;
  std::int64_t positions;
  bool attention_bias;    ///< has the key: biases on q, k, v and the output
  bool windows_by_layer;  ///< use_sliding_window, max_window_layers, layer_types
};

inline constexpr HfFamily kHfFamilies[] = {
    {"llama", "LlamaForCausalLM", 0, 0, 2048, true, false},
    {"mistral", "MistralForCausalLM", 8, 0, 131072, false, false},
    {"qwen2", "Qwen2ForCausalLM", 32, 0, 32768, false, true},
    {"qwen3", "Qwen3ForCausalLM", 32, 128, 32768, true, true},
};

/// Null for a type that is not supported.
constexpr const HfFamily* find_hf_family(std::string_view type) {
  for (const HfFamily& family : kHfFamilies)
    if (type == family.type) return &family;
  return nullptr;
}

}  // namespace pagewright
