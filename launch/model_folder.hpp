#pragma once
// Models on disk: a policy or a reward model in a folder of its own.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/model/weights_view.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {

/// What the adapters in a folder belong to.
struct AdapterBase {
  std::string name;    ///< of the base's folder, beside this one
  std::string sha256;  ///< of its frozen parameters
  LoraConfig lora;
  bool narrow = false;  ///< whether they are kept as bfloat16
};

/// What a model folder says besides the weights: `model.json`.
struct ModelFolderInfo {
  std::string kind;                          ///< "policy", "page-model" or "item-model"
  std::string language;                      ///< hash of the page language it was trained on
  std::int64_t version = 0;                  ///< policy version
  std::map<std::string, std::string> notes;  ///< how it came about, in words or numbers
  std::optional<AdapterBase> base = {};      ///< of a model that is adapters on another one
};

/// config.json, weights (converted to `dtype`), generation_config.json if a text is given for it, and heads
/// into a folder that is there and empty.
void write_weights(const std::filesystem::path& folder, const WeightsView& weights,
                   at::ScalarType dtype = at::kFloat, const std::string& generation_config = {});
/// model.json.
void write_model_info(const std::filesystem::path& folder, const ModelFolderInfo& info);

/// Writes config.json, model.safetensors (backbone and LM head, as Hugging Face names them),
/// heads.safetensors (all other heads) and model.json. The folder appears whole or not at all; an existing
/// one is replaced.
void save_model(const std::filesystem::path& folder, const WeightsView& weights, const ModelFolderInfo& info);

/// The same for a model on the frozen backbone of the model in the folder `base` beside it: its trained
/// parameters go into adapters.safetensors, and model.json names the base and its hash.
void save_adapters(const std::filesystem::path& folder, const FlatParameters& parameters,
                   const std::string& base, ModelFolderInfo info);

/// Reads a model of the given shape: all of it, which is then wholly trainable whatever `shape` says of
/// adapters, or adapters and the model that they belong to. Throws Error naming the folder if it is missing,
/// of another kind, shape or language (an empty `language` accepts any), or if the base is not the one that
/// the adapters were trained on.
FlatParameters load_model(const std::filesystem::path& folder, const ModelConfig& shape,
                          const std::string& kind, const std::string& language,
                          ModelFolderInfo* info = nullptr);

}  // namespace pagewright
