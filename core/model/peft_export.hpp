#pragma once
// Adapters as the Python package `peft` keeps them.

#include <filesystem>
#include <string>

#include "core/model/weights_view.hpp"

namespace pagewright {

/// Writes adapter_config.json and adapter_model.safetensors of a model with adapters into `folder`, which is
/// there: LoRA matrices, and the rows of the layout tokens as PEFT's trainable tokens of `embed_tokens` and,
/// untied, of `lm_head`. They belong on a whole model of weights.config().vocab_size rows, whose path or name
/// is `base` (its own rows of layout tokens do not matter). Pointer, value and scalar heads have no place
/// there. Throws Error if the model has no adapters or no LM head.
void write_peft_adapters(const std::filesystem::path& folder, const WeightsView& weights,
                         const std::string& base);

}  // namespace pagewright
