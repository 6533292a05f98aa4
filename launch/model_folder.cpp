#include "launch/model_folder.hpp"

#include <nlohmann/json.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/hf_checkpoint.hpp"
#include "core/model/safetensors.hpp"

namespace pagewright {

namespace {

constexpr const char* kModelFormat = "pagewright-model";
constexpr int kModelVersion = 1;

bool is_hugging_face_name(const std::string& name) {
  return name.starts_with("model.") || name.starts_with("lm_head.");
}

ModelFolderInfo read_info(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "model.json";
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    require(json.at("format") == kModelFormat, "{}: this is no {} folder", folder.string(), kModelFormat);
    require(json.at("format_version").get<int>() <= kModelVersion,
            "{}: model format version {} is newer than this program knows ({})", folder.string(),
            json.at("format_version").get<int>(), kModelVersion);
    return {json.at("kind").get<std::string>(), json.at("language").get<std::string>(),
            json.at("version").get<std::int64_t>(),
            json.at("notes").get<std::map<std::string, std::string>>()};
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}", path.string(), error.what());
  }
}

const char* verb_that_makes(const std::string& kind) {
  return kind == "policy" ? "sft` or `train" : "fit-reward";
}

}  // namespace

void write_weights(const std::filesystem::path& folder, const WeightsView& weights, at::ScalarType dtype,
                   const std::string& generation_config) {
  NamedTensors heads;
  for (const auto& [name, tensor] : weights.tensors())
    if (!is_hugging_face_name(name)) heads[name] = tensor;
  HfWriteOptions options;
  options.weights.dtype = dtype;
  options.generation_config = generation_config;
  write_hf_checkpoint(folder, weights, options);
  if (!heads.empty()) write_safetensors(folder / "heads.safetensors", heads);
}

void write_model_info(const std::filesystem::path& folder, const ModelFolderInfo& info) {
  const nlohmann::json json = {{"format", kModelFormat},  {"format_version", kModelVersion},
                               {"kind", info.kind},       {"language", info.language},
                               {"version", info.version}, {"notes", info.notes}};
  write_file_atomically(folder / "model.json", json.dump(2) + "\n");
}

void save_model(const std::filesystem::path& folder, const WeightsView& weights,
                const ModelFolderInfo& info) {
  make_folders(folder.parent_path());
  AtomicFolder target(folder);
  write_weights(target.path(), weights);
  write_model_info(target.path(), info);
  target.publish(AtomicFolder::Existing::replace);
}

FlatParameters load_model(const std::filesystem::path& folder, const ModelConfig& shape,
                          const std::string& kind, const std::string& language, ModelFolderInfo* info) {
  require(std::filesystem::exists(folder), "there is no {} in {}; make it with `pagewright {}`", kind,
          folder.string(), verb_that_makes(kind));
  ModelFolderInfo found = read_info(folder);
  require(found.kind == kind, "{} holds a {}, not a {}", folder.string(), found.kind, kind);
  require(language.empty() || found.language == language,
          "{} was trained on another page language (schema, prompt or candidate order); train it again with "
          "this configuration",
          folder.string());
  NamedTensors tensors = read_safetensors(folder / "model.safetensors");
  if (std::filesystem::exists(folder / "heads.safetensors"))
    tensors.merge(read_safetensors(folder / "heads.safetensors"));
  FlatParameters parameters(shape);
  with_context(folder.string(), [&] { parameters.load(tensors); });
  parameters.set_version(found.version);
  if (info) *info = std::move(found);
  return parameters;
}

}  // namespace pagewright
