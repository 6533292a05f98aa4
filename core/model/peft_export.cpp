#include "core/model/peft_export.hpp"

#include <numeric>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/safetensors.hpp"

namespace pagewright {
namespace {

constexpr const char* kPeftPrefix = "base_model.model.";

nlohmann::json peft_config(const ModelConfig& config, const std::string& base) {
  std::vector<std::int64_t> layout(static_cast<std::size_t>(config.layout_size()));
  std::iota(layout.begin(), layout.end(), config.layout_begin);
  nlohmann::json tokens = {{"embed_tokens", layout}};
  if (!config.tied) tokens["lm_head"] = layout;
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", base},
          {"r", config.lora.rank},
          {"lora_alpha", config.lora.alpha},
          {"lora_dropout", 0.0},
          {"target_modules", config.lora.targets},
          {"trainable_token_indices", tokens},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"use_dora", false},
          {"use_rslora", false}};
}

}  // namespace

void write_peft_adapters(const std::filesystem::path& folder, const WeightsView& weights,
                         const std::string& base) {
  const ModelConfig& config = weights.config();
  require(config.lora.on() && config.lm_head,
          "a model without adapters or without LM head has no PEFT form; export its merged weights");
  NamedTensors tensors;
  for (const auto& [name, tensor] : weights.tensors())
    if (name.find(".lora_") != std::string::npos)
      tensors[kPeftPrefix + name] = tensor.detach().to(at::kFloat).contiguous();
  const auto rows = [&](const char* name, const std::string& module) {
    tensors[kPeftPrefix + module + ".token_adapter.trainable_tokens_delta"] =
        weights.at(name).detach().to(at::kFloat).contiguous();
  };
  rows("layout_embedding.weight", "model.embed_tokens");
  if (!config.tied) rows("layout_head.weight", "lm_head");
  write_file_atomically(folder / "adapter_config.json", peft_config(config, base).dump(2) + "\n");
  write_safetensors(folder / "adapter_model.safetensors", tensors, {{"format", "pt"}});
}

}  // namespace pagewright
