#include "core/model/weight_files.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/strict_json.hpp"

namespace pagewright {
namespace {

constexpr const char* kSingleFile = "model.safetensors";
constexpr const char* kIndexFile = "model.safetensors.index.json";

/// Which file each tensor is said to be in.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& index) {
  return with_context(index.string(), [&] {
    const nlohmann::json json = parse_strict_json(read_file(index));
    require(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
            "it has no object weight_map");
    std::map<std::string, std::string> map;
    for (const auto& [name, file] : json["weight_map"].items()) {
      require(file.is_string(), "tensor {} is in {}, which is no file name", name, file.dump());
      const std::filesystem::path path = file.get<std::string>();
      require(!path.empty() && path == path.filename() && path.extension() == ".safetensors",
              "tensor {} is in {}, which is no safetensors file of this folder", name, file.dump());
      map.emplace(name, path.string());
    }
    require(!map.empty(), "its weight_map is empty");
    return map;
  });
}

std::string no_weights_text(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "pytorch_model.bin") ||
      std::filesystem::exists(folder / "pytorch_model.bin.index.json"))
    return "its weights are pickled (pytorch_model.bin), which is not read; download or convert them as "
           "safetensors";
  return fmt::format("it has neither {} nor {}", kSingleFile, kIndexFile);
}

}  // namespace

WeightFiles::WeightFiles(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / kSingleFile)) {
    files_.emplace_back(folder / kSingleFile);
    add(files_.back());
    return;
  }
  require(std::filesystem::exists(folder / kIndexFile), "{}: {}", folder.string(), no_weights_text(folder));
  open_index(folder, folder / kIndexFile);
}

void WeightFiles::open_index(const std::filesystem::path& folder, const std::filesystem::path& index) {
  const std::map<std::string, std::string> map = read_weight_map(index);
  std::vector<std::string> names;
  for (const auto& [tensor, file] : map) names.push_back(file);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names)
    require(std::filesystem::exists(folder / name), "{} is missing: {} names it among {} files",
            (folder / name).string(), index.string(), names.size());
  files_.reserve(names.size());  // places point into it
  for (const std::string& name : names) {
    files_.emplace_back(folder / name);
    add(files_.back());
  }
  for (const auto& [tensor, place] : tensors_) {
    const auto said = map.find(tensor);
    require(said != map.end(), "{} has tensor {}, which {} does not know", place.file->path().string(),
            tensor, index.string());
    require(place.file->path().filename() == said->second, "{} has tensor {}, which {} says is in {}",
            place.file->path().string(), tensor, index.string(), said->second);
  }
  for (const auto& [tensor, file] : map)
    require(tensors_.contains(tensor), "{} says that tensor {} is in {}, which does not have it",
            index.string(), tensor, file);
}

void WeightFiles::add(const SafetensorsFile& file) {
  for (const auto& [name, stored] : file.tensors()) {
    const auto [place, fresh] = tensors_.try_emplace(name, Place{&file, &stored});
    require(fresh, "tensor {} is in {} and in {}", name, place->second.file->path().string(),
            file.path().string());
  }
}

WeightFiles::Place WeightFiles::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? Place{} : found->second;
}

void write_weight_files(const std::filesystem::path& folder, const NamedTensors& tensors,
                        const WeightFilesOptions& options) {
  for (const char* name : {kSingleFile, kIndexFile})
    require(!std::filesystem::exists(folder / name), "{} exists already", (folder / name).string());
  std::vector<NamedTensors> shards(1);
  std::int64_t in_shard = 0, total = 0;
  for (const auto& [name, tensor] : tensors) {
    const std::int64_t bytes = tensor.numel() * static_cast<std::int64_t>(c10::elementSize(options.dtype));
    if (in_shard > 0 && in_shard + bytes > options.largest_file) {
      shards.emplace_back();
      in_shard = 0;
    }
    shards.back().emplace(name, tensor);
    in_shard += bytes, total += bytes;
  }
  const std::map<std::string, std::string> metadata = {{"format", "pt"}};
  if (shards.size() == 1) return write_safetensors(folder / kSingleFile, tensors, metadata, options.dtype);
  nlohmann::json map = nlohmann::json::object();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string file = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    for (const auto& [name, tensor] : shards[i]) map[name] = file;
    write_safetensors(folder / file, shards[i], metadata, options.dtype);
  }
  const nlohmann::json index = {{"metadata", {{"total_size", total}}}, {"weight_map", std::move(map)}};
  write_file_atomically(folder / kIndexFile, index.dump(2) + "\n");
}

}  // namespace pagewright
