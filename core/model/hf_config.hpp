#pragma once
// Hugging Face's config.json, read and written.

#include <filesystem>
#include <string>
#include <string_view>

#include "core/model/model_config.hpp"

namespace pagewright {

/// Backbone of a model of type llama (Llama 2 and 3, SmolLM), mistral, qwen2 or qwen3, with the defaults that
/// `transformers` has for absent keys. Throws Error that names the file and the key for anything that would
/// change the forward pass and is not supported (docs/models.md has the list), before anything else is read.
/// Heads of ours are not in this file.
ModelConfig read_hf_config(const std::filesystem::path& path);
/// The same from the text of the file.
ModelConfig parse_hf_config(std::string_view text);

/// Writes the backbone so that `transformers` reads it. A model that came from a config.json keeps its type
/// and all fields that do not follow from the weights (ids of special tokens, spelling of the rotary
/// positions, ...). `dtype` is that of the weights beside it: "float32", "bfloat16" or "float16". Throws
/// Error for a model that no type of Hugging Face's describes.
void write_hf_config(const std::filesystem::path& path, const ModelConfig& config,
                     const std::string& dtype = "float32");

}  // namespace pagewright
