// lora_model FOLDER tied|untied: a small random model with adapters, as a base, merged, and as PEFT
// adapters, with token ids and the logits that it gives itself. tests/python/lora_test.py compares them.

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "core/model/hf_config.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/lora.hpp"
#include "core/model/peft_export.hpp"
#include "core/model/safetensors.hpp"
#include "core/model/transformer.hpp"
#include "distributed/flat_parameters.hpp"

namespace {

using namespace pagewright;

ModelConfig tool_config(bool tied) {
  ModelConfig config;
  config.vocab_size = 60;
  config.dim = 32;
  config.layers = 2;
  config.heads = 4;
  config.kv_heads = 2;
  config.ffn_dim = 48;
  config.max_positions = 64;
  config.layout_begin = 45;
  config.structure_size = 5;
  config.layout_head = LayoutHeadKind::tokens;
  config.tied = tied;
  config.frozen_backbone = true;
  config.lora = {4, 6, {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}};
  return config;
}

/// Standard normal times `spread`.
void disturb(const at::Tensor& values, double spread, std::uint64_t key) {
  CounterRandom random(11, RandomStream::world, key);
  float* first = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i) first[i] += static_cast<float>(spread * random.normal());
}

void write_whole(const std::filesystem::path& folder, const WeightsView& weights) {
  make_folders(folder);
  write_hf_config(folder / "config.json", weights.config());
  write_safetensors(folder / "model.safetensors",
                    NamedTensors(weights.tensors().begin(), weights.tensors().end()), {{"format", "pt"}});
}

void write_models(const std::filesystem::path& folder, bool tied) {
  const at::NoGradGuard no_gradients;
  FlatParameters parameters(tool_config(tied));
  parameters.initialise(7);
  write_whole(folder / "base", merged_weights(parameters.view()));
  disturb(parameters.values(), 0.05, 1);
  const WeightsView adapted = parameters.view();
  write_whole(folder / "merged", merged_weights(adapted));
  make_folders(folder / "peft");
  write_peft_adapters(folder / "peft", adapted, (folder / "base").string());

  CounterRandom random(12, RandomStream::world);
  Segment segment;
  at::Tensor ids = at::empty({40}, at::kFloat);
  for (int i = 0; i < 40; ++i) {
    const auto id = static_cast<TokenId>(random.below(60));
    segment.tokens.push(id);
    ids.mutable_data_ptr<float>()[i] = static_cast<float>(id);
  }
  const at::Tensor hidden = hidden_states(adapted, Batch{{segment}});
  write_safetensors(folder / "expected.safetensors", {{"ids", ids}, {"logits", lm_logits(adapted, hidden)}});
}

}  // namespace

int main(int count, char** arguments) {
  try {
    require(count == 3, "usage: lora_model FOLDER tied|untied");
    write_models(arguments[1], std::string(arguments[2]) == "tied");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lora_model: %s\n", error.what());
    return 1;
  }
}
