#include "core/checkpoint/checkpoint_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/data/hdf5.hpp"

namespace pagewright {

namespace {

constexpr const char* kCheckpointFormat = "pagewright-checkpoint";
std::string shard_name(int shard) {
  return fmt::format("shard-{:04}.h5", shard);
}

std::string array_path(const std::string& group, const std::string& name, std::int64_t begin) {
  return begin == 0 ? fmt::format("arrays/{}/{}", group, name)
                    : fmt::format("arrays/{}/{}@{}", group, name, begin);
}

void read_shard(const std::filesystem::path& path, Checkpoint& checkpoint) {
  const Hdf5File file = Hdf5File::open(path);
  for (const std::string& group : file.read_strings("groups")) {
    const auto names = file.read_strings("names/" + group);
    const auto shapes = file.read<std::int64_t>("shapes/" + group + "/sizes");
    const auto offsets = file.read<std::int64_t>("shapes/" + group + "/offsets");
    const std::string begin_path = "shapes/" + group + "/begins";
    const auto begins = file.has(begin_path) ? file.read<std::int64_t>(begin_path)
                                             : std::vector<std::int64_t>(names.size(), 0);
    require(offsets.size() == names.size() + 1 && begins.size() == names.size(),
            "{}: group {} has {} shapes and {} places for {} arrays", path.string(), group,
            offsets.size() - 1, begins.size(), names.size());
    std::vector<NamedArray>& arrays = checkpoint.arrays[group];
    for (std::size_t i = 0; i < names.size(); ++i)
      arrays.push_back({names[i],
                        {shapes.begin() + offsets[i], shapes.begin() + offsets[i + 1]},
                        file.read<float>(array_path(group, names[i], begins[i])),
                        begins[i]});
  }
  if (file.has("blobs")) {
    const auto names = file.read_strings("blobs/names"), values = file.read_strings("blobs/values");
    require(names.size() == values.size(), "{}: {} names for {} blobs", path.string(), names.size(),
            values.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      require(checkpoint.blobs.emplace(names[i], values[i]).second, "{}: {} is there twice", path.string(),
              names[i]);
  }
  if (file.has("metrics")) checkpoint.metrics = file.read_strings("metrics");
}

nlohmann::json read_manifest(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "manifest.json";
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}", path.string(), error.what());
  }
}

/// A manifest that cannot be read is damage, found later; one that can be read must be ours and not newer.
void check_format(const std::filesystem::path& folder, const nlohmann::json& manifest) {
  require(manifest.value("format", "") == kCheckpointFormat, "{}: this is no {}", folder.string(),
          kCheckpointFormat);
  const int version = manifest.value("version", 0);
  require(
      version <= CheckpointStore::kVersion,
      "{}: checkpoint format version {} is newer than this program knows ({}); use the program that wrote it",
      folder.string(), version, CheckpointStore::kVersion);
}

}  // namespace

CheckpointStore::CheckpointStore(std::filesystem::path folder, RunIdentity identity, int keep)
    : folder_(std::move(folder)), identity_(std::move(identity)), keep_(std::max(1, keep)) {}

void CheckpointStore::save(const Checkpoint& checkpoint) const {
  const auto folder = begin(checkpoint.iteration);
  write_shard(folder->path(), 0, checkpoint);
  finish(*folder, checkpoint, 1, hash_checkpoint(checkpoint));
}

std::unique_ptr<AtomicFolder> CheckpointStore::begin(std::int64_t iteration) const {
  make_folders(folder_);
  return std::make_unique<AtomicFolder>(folder_of(iteration));
}

std::filesystem::path CheckpointStore::folder_of(std::int64_t iteration) const {
  return folder_ / fmt::format("step-{:08}", iteration);
}

void CheckpointStore::write_shard(const std::filesystem::path& folder, int shard, const Checkpoint& part) {
  Hdf5File file = Hdf5File::create(folder / shard_name(shard));
  file.set_attribute("format", "pagewright-checkpoint-shard");
  file.set_attribute("format_version", std::int64_t{kVersion});
  std::vector<std::string> groups;
  for (const auto& [group, arrays] : part.arrays) {
    groups.push_back(group);
    std::vector<std::string> names;
    std::vector<std::int64_t> shapes, shape_offsets{0}, begins;
    for (const NamedArray& array : arrays) {
      names.push_back(array.name);
      shapes.insert(shapes.end(), array.shape.begin(), array.shape.end());
      shape_offsets.push_back(static_cast<std::int64_t>(shapes.size()));
      begins.push_back(array.begin);
      file.write(array_path(group, array.name, array.begin), array.values);
    }
    file.write_strings("names/" + group, names);
    file.write("shapes/" + group + "/sizes", shapes);
    file.write("shapes/" + group + "/offsets", shape_offsets);
    file.write("shapes/" + group + "/begins", begins);
  }
  file.write_strings("groups", groups);
  std::vector<std::string> names, values;
  for (const auto& [name, bytes] : part.blobs) {
    names.push_back(name);
    values.push_back(bytes);
  }
  file.write_strings("blobs/names", names);
  file.write_strings("blobs/values", values);
  if (shard == 0) file.write_strings("metrics", part.metrics);
  file.close();
}

void CheckpointStore::finish(AtomicFolder& folder, const Checkpoint& checkpoint, int shards,
                             const CheckpointHashes& hashes) const {
  std::vector<std::string> names;
  for (int shard = 0; shard < shards; ++shard) names.push_back(shard_name(shard));
  const nlohmann::json manifest = {{"format", kCheckpointFormat},
                                   {"version", kVersion},
                                   {"iteration", checkpoint.iteration},
                                   {"configuration", identity_.configuration},
                                   {"language", identity_.language},
                                   {"fingerprint", identity_.fingerprint},
                                   {"numbers", checkpoint.numbers},
                                   {"shards", names},
                                   {"sha256", {{"parameters", hashes.parameters}, {"state", hashes.state}}}};
  write_file_atomically(folder.path() / "manifest.json", manifest.dump(2) + "\n");
  folder.publish(AtomicFolder::Existing::replace);
  const auto kept = folders();
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < kept.size(); ++i) {
    std::error_code ignored;
    std::filesystem::remove_all(kept[i], ignored);
    if (ignored) log_warn("cannot remove the old checkpoint {}: {}", kept[i].string(), ignored.message());
  }
}

std::vector<std::filesystem::path> CheckpointStore::folders() const {
  std::vector<std::filesystem::path> found;
  if (!std::filesystem::is_directory(folder_)) return found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.size() == 13 && name.starts_with("step-")) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<Checkpoint> CheckpointStore::load_latest() const {
  const auto found = folders();
  for (auto folder = found.rbegin(); folder != found.rend(); ++folder) {
    check_identity(*folder);
    try {
      return load(*folder);
    } catch (const Error& error) {
      log_warn("checkpoint {} is damaged and left out: {}", folder->string(), error.what());
    }
  }
  require(found.empty(), "all {} checkpoints in {} are damaged; remove the folder to start again",
          found.size(), folder_.string());
  return std::nullopt;
}

void CheckpointStore::check_identity(const std::filesystem::path& folder) const {
  nlohmann::json manifest;
  try {
    manifest = read_manifest(folder);
  } catch (const Error&) {
    return;
  }
  check_format(folder, manifest);
  require(
      manifest.value("configuration", "") == identity_.configuration &&
          manifest.value("language", "") == identity_.language,
      "{} belongs to another configuration; train into another run folder (--set run=FOLDER) or remove it",
      folder.string());
  if (manifest.value("fingerprint", "") != identity_.fingerprint)
    log_warn(
        "{} was written on another kind of processor or with other libraries: the run goes on, but its bits "
        "will differ",
        folder.string());
}

Checkpoint CheckpointStore::load(const std::filesystem::path& folder) const {
  const nlohmann::json manifest = read_manifest(folder);
  Checkpoint checkpoint;
  std::string expected;
  std::vector<std::string> shards;
  try {
    manifest.at("iteration").get_to(checkpoint.iteration);
    manifest.at("numbers").get_to(checkpoint.numbers);
    manifest.at("shards").get_to(shards);
    expected = manifest.at("sha256").at("state").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    fail("manifest.json: {}", error.what());
  }
  for (const std::string& shard : shards) read_shard(folder / shard, checkpoint);
  join_parts(checkpoint);
  require(hash_checkpoint(checkpoint).state == expected,
          "its content does not have the SHA-256 that manifest.json says");
  return checkpoint;
}

}  // namespace pagewright
