#pragma once
// Hugging Face's config.json, read and written.

#include <filesystem>

#include "core/model/model_config.hpp"

namespace pagewright {

/// Backbone of a Llama, Qwen2 or Qwen3 model without rope scaling or sliding window. Throws Error that names
/// the file and the key for anything that would change the forward pass and is not supported. Heads of ours
/// are not in this file.
ModelConfig read_hf_config(const std::filesystem::path& path);

/// Writes the backbone so that `transformers` reads it.
void write_hf_config(const std::filesystem::path& path, const ModelConfig& config);

}  // namespace pagewright
