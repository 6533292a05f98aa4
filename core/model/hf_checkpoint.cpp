#include "core/model/hf_checkpoint.hpp"

#include <algorithm>
#include <set>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/strict_json.hpp"
#include "core/model/hf_config.hpp"

namespace pagewright {
namespace {

constexpr std::string_view kEmbedding = "model.embed_tokens.weight";
constexpr std::string_view kLmHead = "lm_head.weight";

ModelConfig config_in(const std::filesystem::path& folder) {
  require(std::filesystem::is_directory(folder), "there is no folder {}", folder.string());
  const std::filesystem::path path = folder / "config.json";
  require(std::filesystem::exists(path),
          "{} has no config.json; it must be a folder as Hugging Face has them", folder.string());
  return read_hf_config(path);
}

/// Tensors that a checkpoint may have and no parameter stands for.
bool is_passed_over(const std::string& name, const ModelConfig& config) {
  return name.ends_with(".rotary_emb.inv_freq") || (config.tied && name == kLmHead);
}

template <class Sizes>
std::string sizes_text(const Sizes& sizes) {
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

void check_tensors(const std::filesystem::path& folder, const ModelConfig& config, const WeightFiles& files) {
  std::string problems;
  std::set<std::string, std::less<>> known;
  for (const ParameterSpec& spec : parameter_specs(config)) {
    known.insert(spec.name);
    const WeightFiles::Place place = files.find(spec.name);
    if (place.file == nullptr)
      problems += fmt::format("\n  {} is missing", spec.name);
    else if (place.stored->shape != spec.shape)
      problems +=
          fmt::format("\n  {} in {} has shape {}, not {}", spec.name, place.file->path().filename().string(),
                      sizes_text(place.stored->shape), sizes_text(spec.shape));
  }
  for (const auto& [name, place] : files.tensors())
    if (!known.contains(name) && !is_passed_over(name, config))
      problems += fmt::format("\n  {} in {} is not a parameter of this model", name,
                              place.file->path().filename().string());
  require(problems.empty(), "{}: the weights do not fit config.json:{}", folder.string(), problems);
}

}  // namespace

bool is_vocabulary_matrix(std::string_view name) {
  return name == kEmbedding || name == kLmHead;
}

std::string generation_config_in(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "generation_config.json";
  if (!std::filesystem::exists(path)) return {};
  std::string text = read_file(path);
  with_context(path.string(), [&] { require(parse_strict_json(text).is_object(), "it is no JSON object"); });
  return text;
}

HfCheckpoint::HfCheckpoint(const std::filesystem::path& folder)
    : folder_(folder),
      config_(config_in(folder)),
      generation_config_(generation_config_in(folder)),
      files_(folder) {
  check_tensors(folder_, config_, files_);
}

std::string_view HfCheckpoint::tensor_name(std::string_view parameter) const {
  return config_.tied && parameter == kLmHead ? kEmbedding : parameter;
}

bool HfCheckpoint::has(std::string_view parameter) const {
  return files_.find(tensor_name(parameter)).file != nullptr;
}

std::int64_t HfCheckpoint::read_slice(std::string_view parameter, at::IntArrayRef shape, std::int64_t begin,
                                      const at::Tensor& values) const {
  const WeightFiles::Place place = files_.find(tensor_name(parameter));
  require(place.file != nullptr, "{} has no parameter {}", folder_.string(), parameter);
  const at::IntArrayRef stored = place.stored->shape;
  const bool resized = is_vocabulary_matrix(parameter) && shape.size() == 2 && shape[1] == stored[1];
  require(resized || stored.equals(shape), "{}: {} has shape {}, not {}", folder_.string(), parameter,
          sizes_text(stored), sizes_text(shape));
  const std::int64_t end = std::min(begin + values.numel(), place.stored->numel());
  const std::int64_t count = std::max<std::int64_t>(0, end - begin);
  if (count == 0) return 0;
  const std::string_view tensor = tensor_name(parameter);
  const std::int64_t not_finite = place.file->read(tensor, begin, values.view({-1}).narrow(0, 0, count));
  if (not_finite > 0)
    log_warn(LogTag{"model"}, "{}: {} values of tensor {} are NaN or infinite", place.file->path().string(),
             not_finite, tensor);
  return count;
}

std::int64_t HfCheckpoint::read(std::string_view parameter, const at::Tensor& values) const {
  const std::int64_t count = read_slice(parameter, values.sizes(), 0, values);
  return values.dim() == 0 || values.size(0) == 0 ? count : count / (values.numel() / values.size(0));
}

void write_hf_checkpoint(const std::filesystem::path& folder, const WeightsView& weights,
                         const HfWriteOptions& options) {
  const at::ScalarType dtype = options.weights.dtype;
  require(dtype == at::kFloat || dtype == at::kBFloat16 || dtype == at::kHalf,
          "weights are written as float32, bfloat16 or float16, not as {}", c10::toString(dtype));
  const char* name = dtype == at::kFloat ? "float32" : dtype == at::kHalf ? "float16" : "bfloat16";
  NamedTensors tensors;
  for (const auto& [parameter, tensor] : weights.tensors())
    if (parameter.starts_with("model.") || parameter == kLmHead) tensors.emplace(parameter, tensor);
  write_hf_config(folder / "config.json", weights.config(), name);
  if (!options.generation_config.empty())
    write_file_atomically(folder / "generation_config.json", options.generation_config);
  write_weight_files(folder, tensors, options.weights);
}

}  // namespace pagewright
