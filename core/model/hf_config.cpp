#include "core/model/hf_config.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/strict_json.hpp"
#include "core/model/hf_families.hpp"
#include "core/model/hf_fields.hpp"
#include "core/model/hf_rope.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kMostLayers = 10'000;

const HfFamily& family_of(const HfFields& fields) {
  require(fields.has("model_type"), "model_type is missing; is this the config.json of a language model?");
  const std::string type = fields.text_or("model_type", "");
  const HfFamily* family = find_hf_family(type);
  require(family != nullptr, "model_type '{}' is not supported (llama, mistral, qwen2 and qwen3 are)", type);
  if (!fields.has("architectures")) return *family;
  const nlohmann::json& names = fields.raw("architectures");
  require(names.is_array() && std::find(names.begin(), names.end(), family->architecture) != names.end(),
          "architectures {} is not supported for {} ({} is)", names.dump(), type, family->architecture);
  return *family;
}

/// Keys that would change the forward pass.
void refuse_unsupported(const HfFields& fields, const HfFamily& family) {
  require(!fields.has("quantization_config"),
          "quantization_config is not supported; take unquantized weights");
  const std::string activation = fields.text_or("hidden_act", "silu");
  require(activation == "silu", "hidden_act '{}' is not supported (silu is)", activation);
  for (const char* key : {"num_experts", "num_local_experts", "n_routed_experts"})
    require(!fields.has(key), "{} is not supported: mixtures of experts are not", key);
  require(fields.number_or("partial_rotary_factor", 1) == 1,
          "partial_rotary_factor {} is not supported (1 is)", fields.number_or("partial_rotary_factor", 1));
  for (const char* key : {"add_cross_attention", "is_encoder_decoder"})
    require(!fields.flag_or(key, false), "{} is not supported", key);
  require(family.attention_bias || !fields.flag_or("attention_bias", false),
          "attention_bias is not supported for model_type {}", family.type);
  require(std::string_view(family.type) == "llama" || !fields.flag_or("mlp_bias", false),
          "mlp_bias is not supported for model_type {}", family.type);
}

void read_sizes(const HfFields& fields, const HfFamily& family, ModelConfig& config) {
  config.vocab_size = fields.whole("vocab_size");
  config.dim = fields.whole("hidden_size");
  config.layers = fields.whole("num_hidden_layers");
  require(config.layers <= kMostLayers, "num_hidden_layers is {}; at most {} are possible", config.layers,
          kMostLayers);
  config.heads = fields.whole("num_attention_heads");
  const bool own_default = family.kv_heads > 0 && !fields.mentions("num_key_value_heads");
  config.kv_heads = fields.whole_or("num_key_value_heads", own_default ? family.kv_heads : config.heads);
  config.head_dim = fields.whole_or("head_dim", family.head_dim);
  config.ffn_dim = fields.whole("intermediate_size");
  config.norm_eps = fields.number_or("rms_norm_eps", 1e-6);
  require(config.norm_eps >= 0, "rms_norm_eps is {}; it must not be negative", config.norm_eps);
}

constexpr const char* kFullAttention = "full_attention";
constexpr const char* kSlidingAttention = "sliding_attention";

/// 4096 if the key is absent, 0 (none) if it is null.
std::int64_t read_window(const HfFields& fields) {
  return fields.whole_or("sliding_window", fields.mentions("sliding_window") ? 0 : 4096);
}

/// The names of `layer_types`, one a layer; empty if the key is absent.
std::vector<std::string> read_layer_types(const HfFields& fields, std::int64_t layers) {
  if (!fields.has("layer_types")) return {};
  const nlohmann::json& names = fields.raw("layer_types");
  require(names.is_array() && std::ssize(names) == layers,
          "layer_types must be a list of {} names, one a layer", layers);
  for (const nlohmann::json& name : names)
    require(name == kFullAttention || name == kSlidingAttention,
            "layer_types has {}, which is not supported ({} and {} are)", name.dump(), kFullAttention,
            kSlidingAttention);
  return names.get<std::vector<std::string>>();
}

/// Qwen: layers from max_window_layers on, or those that layer_types names.
void read_windows_by_layer(const HfFields& fields, ModelConfig& config) {
  const std::int64_t window = fields.flag_or("use_sliding_window", false) ? read_window(fields) : 0;
  const std::int64_t full = fields.whole_or("max_window_layers", 28, 0);
  const std::vector<std::string> types = read_layer_types(fields, config.layers);
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const bool sliding = types.empty() ? i >= full : types[static_cast<std::size_t>(i)] == kSlidingAttention;
    require(types.empty() || !sliding || window > 0,
            "layer_types has {}, but use_sliding_window and sliding_window give no window",
            kSlidingAttention);
    config.windows.push_back(sliding ? window : 0);
  }
}

/// Llama (no window) and Mistral: all layers alike.
void read_common_window(const HfFields& fields, ModelConfig& config) {
  const std::int64_t window = config.model_type == "mistral" ? read_window(fields) : 0;
  const char* only = window > 0 ? kSlidingAttention : kFullAttention;
  for (const std::string& type : read_layer_types(fields, config.layers))
    require(type == only, "layer_types has {}; all layers of this {} model must have {}", type,
            config.model_type, only);
  config.windows.assign(static_cast<std::size_t>(config.layers), window);
}

ModelConfig config_of(const nlohmann::json& json) {
  const HfFields fields(json);
  const HfFamily& family = family_of(fields);
  refuse_unsupported(fields, family);
  ModelConfig config;
  config.model_type = family.type;
  read_sizes(fields, family, config);
  read_hf_rope(fields, family.positions, config);
  if (family.windows_by_layer)
    read_windows_by_layer(fields, config);
  else
    read_common_window(fields, config);
  if (std::ranges::all_of(config.windows, [](std::int64_t window) { return window == 0; }))
    config.windows.clear();
  config.qk_norm = config.model_type == "qwen3";
  config.output_bias = fields.flag_or("attention_bias", false);
  config.qkv_bias = config.output_bias || config.model_type == "qwen2";
  config.mlp_bias = fields.flag_or("mlp_bias", false);
  config.tied = fields.flag_or("tie_word_embeddings", false);
  config.layout_head = LayoutHeadKind::tokens;
  config.layout_begin = config.vocab_size;
  config.check();
  return config;
}

}  // namespace

ModelConfig parse_hf_config(std::string_view text) {
  const nlohmann::json json = parse_strict_json(text);
  ModelConfig config = config_of(json);
  config.hf_config = text;
  return config;
}

ModelConfig read_hf_config(const std::filesystem::path& path) {
  return with_context(path.string(), [&] { return parse_hf_config(read_file(path)); });
}

}  // namespace pagewright
