#include "launch/model_folder.hpp"

#include <ATen/ops/empty.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/model/hf_checkpoint.hpp"
#include "core/model/hf_config.hpp"
#include "core/model/lora.hpp"
#include "core/model/safetensors.hpp"
#include "core/model/weight_files.hpp"

namespace pagewright {

namespace {

constexpr const char* kModelFormat = "pagewright-model";
constexpr int kModelVersion = 1;
constexpr const char* kHeads = "heads.safetensors";

bool is_hugging_face_name(const std::string& name) {
  return name.starts_with("model.") || name.starts_with("lm_head.");
}

nlohmann::json to_json(const AdapterBase& base) {
  return {{"name", base.name},
          {"sha256", base.sha256},
          {"rank", base.lora.rank},
          {"alpha", base.lora.alpha},
          {"targets", base.lora.targets},
          {"dtype", base.narrow ? "bfloat16" : "float32"}};
}

std::optional<AdapterBase> base_in(const nlohmann::json& json) {
  if (!json.contains("base")) return std::nullopt;
  const nlohmann::json& base = json.at("base");
  return AdapterBase{base.at("name").get<std::string>(),
                     base.at("sha256").get<std::string>(),
                     {base.at("rank").get<std::int64_t>(), base.at("alpha").get<double>(),
                      base.at("targets").get<std::vector<std::string>>()},
                     base.at("dtype").get<std::string>() == "bfloat16"};
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
            json.at("notes").get<std::map<std::string, std::string>>(), base_in(json)};
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}", path.string(), error.what());
  }
}

/// The weights of a whole model, read one by one: Hugging Face's files and that of our heads.
class StoredWeights {
 public:
  explicit StoredWeights(const std::filesystem::path& folder) : files_(folder) {
    if (std::filesystem::exists(folder / kHeads)) heads_.emplace(folder / kHeads);
  }

  /// Tensors without values.
  WeightsView::Tensors shapes() const {
    WeightsView::Tensors shapes;
    const auto add = [&](const std::string& name, const StoredTensor& stored) {
      shapes.emplace(name, at::empty(stored.shape, at::TensorOptions(at::kMeta).dtype(at::kFloat)));
    };
    for (const auto& [name, place] : files_.tensors()) add(name, *place.stored);
    if (heads_)
      for (const auto& [name, stored] : heads_->tensors()) add(name, stored);
    return shapes;
  }

  void read(const std::string& name, const at::Tensor& values) const {
    const WeightFiles::Place place = files_.find(name);
    (place.file ? *place.file : heads_.value()).read(name, 0, values);
  }

 private:
  WeightFiles files_;
  std::optional<SafetensorsFile> heads_;
};

/// Takes the memory of the parameters alone.
void load_whole(const std::filesystem::path& folder, FlatParameters& parameters) {
  const StoredWeights stored(folder);
  parameters.check_fit(stored.shapes());
  parameters.fill(
      [&](const ParameterSpec& spec, const at::Tensor& values) { stored.read(spec.name, values); });
}

FlatParameters load_adapters(const std::filesystem::path& folder, const ModelConfig& shape,
                             const AdapterBase& base) {
  require(shape.lora == base.lora,
          "{} holds adapters of rank {} and alpha {} on {} matrices of a layer, but model.lora says rank {}, "
          "alpha {}, {}; "
          "take the configuration that it was trained with",
          folder.string(), base.lora.rank, base.lora.alpha, base.lora.targets.size(), shape.lora.rank,
          shape.lora.alpha, shape.lora.targets.size());
  const std::filesystem::path below = folder.parent_path() / base.name;
  require(std::filesystem::exists(below), "{} holds adapters on {}, which is not there", folder.string(),
          below.string());
  const auto frozen = with_context(below.string(), [&] {
    FlatParameters whole(shape.whole());
    load_whole(below, whole);
    return std::make_shared<const FrozenParameters>(shape, on_frozen_backbone(whole.view().tensors(), shape),
                                                    base.narrow ? at::kBFloat16 : at::kFloat);
  });
  require(frozen->sha256() == base.sha256,
          "{} holds adapters that were trained on another model than the one that is now in {} (its frozen "
          "weights have SHA-256 {}, not {}); train again, or bring that model back",
          folder.string(), below.string(), frozen->sha256(), base.sha256);
  FlatParameters parameters(shape, at::kFloat, c10::kCPU, frozen);
  with_context(folder.string(), [&] { parameters.load(read_safetensors(folder / "adapters.safetensors")); });
  return parameters;
}

const char* verb_that_makes(const std::string& kind) {
  return kind == "policy" ? "sft` or `train" : "fit-reward";
}

}  // namespace

void write_weights(const std::filesystem::path& folder, const WeightsView& held, at::ScalarType dtype,
                   const std::string& generation_config) {
  const WeightsView weights = held.on(c10::kCPU);
  NamedTensors heads;
  for (const auto& [name, tensor] : weights.tensors())
    if (!is_hugging_face_name(name)) heads[name] = tensor;
  HfWriteOptions options;
  options.weights.dtype = dtype;
  options.generation_config = generation_config;
  write_hf_checkpoint(folder, weights, options);
  if (!heads.empty()) write_safetensors(folder / kHeads, heads);
}

void write_model_info(const std::filesystem::path& folder, const ModelFolderInfo& info) {
  nlohmann::json json = {{"format", kModelFormat},  {"format_version", kModelVersion},
                         {"kind", info.kind},       {"language", info.language},
                         {"version", info.version}, {"notes", info.notes}};
  if (info.base) json["base"] = to_json(*info.base);
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

void save_adapters(const std::filesystem::path& folder, const FlatParameters& parameters,
                   const std::string& base, ModelFolderInfo info) {
  require(parameters.frozen() != nullptr, "this model has no frozen parameters to be adapters on");
  NamedTensors trained;
  const WeightsView weights = parameters.view();
  for (const FlatSlot& slot : parameters.slots()) trained[slot.spec.name] = weights.at(slot.spec.name).cpu();
  const bool narrow = parameters.frozen()->tensors().begin()->second.scalar_type() == at::kBFloat16;
  info.base = AdapterBase{base, parameters.frozen()->sha256(), parameters.config().lora, narrow};
  make_folders(folder.parent_path());
  AtomicFolder target(folder);
  write_hf_config(target.path() / "config.json", parameters.config());
  write_safetensors(target.path() / "adapters.safetensors", trained);
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
  FlatParameters parameters =
      found.base ? load_adapters(folder, shape, *found.base) : FlatParameters(shape.whole());
  if (!found.base) with_context(folder.string(), [&] { load_whole(folder, parameters); });
  parameters.set_version(found.version);
  if (info) *info = std::move(found);
  return parameters;
}

}  // namespace pagewright
