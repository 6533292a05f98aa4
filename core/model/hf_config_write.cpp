#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/strict_json.hpp"
#include "core/model/hf_config.hpp"
#include "core/model/hf_families.hpp"
#include "core/model/hf_rope.hpp"

namespace pagewright {
namespace {

bool has_windows(const ModelConfig& config) {
  return std::ranges::any_of(config.windows, [](std::int64_t window) { return window > 0; });
}

std::string type_of(const ModelConfig& config) {
  if (!config.model_type.empty()) return config.model_type;
  if (config.qk_norm) return "qwen3";
  if (config.qkv_bias && !config.output_bias) return "qwen2";
  return has_windows(config) ? "mistral" : "llama";
}

/// Fields of Qwen: one window for all layers that have one.
void write_windows_by_layer(const ModelConfig& config, nlohmann::json& json) {
  json["use_sliding_window"] = has_windows(config);
  json["sliding_window"] =
      has_windows(config) ? nlohmann::json(std::ranges::max(config.windows)) : nlohmann::json();
  nlohmann::json types = nlohmann::json::array();
  for (std::int64_t i = 0; i < config.layers; ++i)
    types.push_back(config.window(i) > 0 ? "sliding_attention" : "full_attention");
  json["layer_types"] = std::move(types);
}

/// config.json of a model that did not come from one.
nlohmann::json new_config(const ModelConfig& config, const HfFamily& family) {
  nlohmann::json json = {{"hidden_act", "silu"},
                         {"hidden_size", config.dim},
                         {"num_hidden_layers", config.layers},
                         {"num_attention_heads", config.heads},
                         {"num_key_value_heads", config.kv_heads},
                         {"head_dim", config.head_size()},
                         {"intermediate_size", config.ffn_dim},
                         {"max_position_embeddings", hf_max_position_embeddings(config)},
                         {"rms_norm_eps", config.norm_eps},
                         {"rope_theta", config.rope_theta},
                         {"attention_bias", family.attention_bias && config.output_bias},
                         {"mlp_bias", config.mlp_bias},
                         {"torch_dtype", "float32"}};
  if (config.rope.kind != RopeKind::plain) json["rope_scaling"] = hf_rope_scaling(config);
  if (family.windows_by_layer) write_windows_by_layer(config, json);
  if (std::string_view(family.type) == "mistral")
    json["sliding_window"] = has_windows(config) ? nlohmann::json(config.window(0)) : nlohmann::json();
  return json;
}

void require_same(bool same, const char* what) {
  require(same, "this model has no Hugging Face form: its {} cannot be written in config.json", what);
}

/// What was written, read back, must be the model: a type can say less than a ModelConfig.
void check_written(const ModelConfig& config, const std::string& text) {
  const ModelConfig read = parse_hf_config(text);
  require_same(read.vocab_size == config.vocab_size && read.dim == config.dim &&
                   read.layers == config.layers && read.ffn_dim == config.ffn_dim,
               "sizes");
  require_same(read.heads == config.heads && read.kv_heads == config.kv_heads &&
                   read.head_size() == config.head_size(),
               "heads");
  require_same(read.norm_eps == config.norm_eps && read.tied == config.tied, "norm or tied embedding");
  require_same(read.rope_theta == config.rope_theta && read.rope == config.rope, "rotary positions");
  require_same(read.qk_norm == config.qk_norm, "q/k norm");
  require_same(read.qkv_bias == config.qkv_bias && read.output_bias == config.output_bias &&
                   read.mlp_bias == config.mlp_bias,
               "biases");
  for (std::int64_t i = 0; i < config.layers; ++i)
    require_same(read.window(i) == config.window(i), "sliding window");
}

}  // namespace

void write_hf_config(const std::filesystem::path& path, const ModelConfig& config, const std::string& dtype) {
  const HfFamily* family = find_hf_family(type_of(config));
  require(family != nullptr, "model_type '{}' cannot be written", config.model_type);
  nlohmann::json json =
      config.hf_config.empty() ? new_config(config, *family) : parse_strict_json(config.hf_config);
  json["architectures"] = nlohmann::json::array({family->architecture});
  json["model_type"] = family->type;
  json["vocab_size"] = config.vocab_size;
  json["tie_word_embeddings"] = config.tied;
  json[json.contains("dtype") ? "dtype" : "torch_dtype"] = dtype;
  const std::string text = json.dump(2) + "\n";
  with_context(path.string(), [&] { check_written(config, text); });
  write_file_atomically(path, text);
}

}  // namespace pagewright
