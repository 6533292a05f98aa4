#include "core/model/hf_config.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {

namespace {

void refuse_unsupported(const nlohmann::json& json) {
  const std::string type = json.value("model_type", "llama");
  require(type == "llama" || type == "qwen2" || type == "qwen3",
          "model_type '{}' is not supported (llama, qwen2 and qwen3 are)", type);
  const std::string activation = json.value("hidden_act", "silu");
  require(activation == "silu", "hidden_act '{}' is not supported (silu is)", activation);
  if (json.contains("rope_scaling"))
    require(json.at("rope_scaling").is_null(), "rope_scaling is not supported");
  require(!json.value("use_sliding_window", false), "use_sliding_window is not supported");
  require(!json.value("mlp_bias", false), "mlp_bias is not supported");
  require(!(type == "llama" && json.value("attention_bias", false)),
          "attention_bias of a Llama model also means a bias on the output, which is not supported");
}

}  // namespace

ModelConfig read_hf_config(const std::filesystem::path& path) {
  return with_context(path.string(), [&] {
    try {
      const auto json = nlohmann::json::parse(read_file(path));
      refuse_unsupported(json);
      ModelConfig config;
      config.vocab_size = json.at("vocab_size").get<std::int64_t>();
      config.dim = json.at("hidden_size").get<std::int64_t>();
      config.layers = json.at("num_hidden_layers").get<std::int64_t>();
      config.heads = json.at("num_attention_heads").get<std::int64_t>();
      config.kv_heads = json.value("num_key_value_heads", config.heads);
      config.head_dim =
          json.contains("head_dim") && !json["head_dim"].is_null() ? json["head_dim"].get<std::int64_t>() : 0;
      config.ffn_dim = json.at("intermediate_size").get<std::int64_t>();
      config.max_positions = json.value("max_position_embeddings", std::int64_t{2048});
      config.norm_eps = json.value("rms_norm_eps", 1e-6);
      config.rope_theta = json.value("rope_theta", 10000.0);
      const std::string type = json.value("model_type", "llama");
      config.qk_norm = type == "qwen3";
      config.qkv_bias = type == "qwen2";
      config.tied = json.value("tie_word_embeddings", false);
      config.layout_head = LayoutHeadKind::tokens;
      config.layout_begin = config.vocab_size;
      return config;
    } catch (const nlohmann::json::exception& error) {
      fail("{}", error.what());
    }
  });
}

void write_hf_config(const std::filesystem::path& path, const ModelConfig& config) {
  require(!(config.qk_norm && config.qkv_bias),
          "a model with both q/k norm and qkv bias has no Hugging Face form");
  const char* type = config.qk_norm ? "qwen3" : config.qkv_bias ? "qwen2" : "llama";
  const char* architecture = config.qk_norm    ? "Qwen3ForCausalLM"
                             : config.qkv_bias ? "Qwen2ForCausalLM"
                                               : "LlamaForCausalLM";
  const nlohmann::json json = {{"architectures", {architecture}},
                               {"model_type", type},
                               {"hidden_act", "silu"},
                               {"vocab_size", config.vocab_size},
                               {"hidden_size", config.dim},
                               {"num_hidden_layers", config.layers},
                               {"num_attention_heads", config.heads},
                               {"num_key_value_heads", config.kv_heads},
                               {"head_dim", config.head_size()},
                               {"intermediate_size", config.ffn_dim},
                               {"max_position_embeddings", config.max_positions},
                               {"rms_norm_eps", config.norm_eps},
                               {"rope_theta", config.rope_theta},
                               {"tie_word_embeddings", config.tied},
                               {"attention_bias", false},
                               {"mlp_bias", false},
                               {"torch_dtype", "float32"}};
  write_file_atomically(path, json.dump(2) + "\n");
}

}  // namespace pagewright
