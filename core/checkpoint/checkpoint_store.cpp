#include "core/checkpoint/checkpoint_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/checkpoint/checkpoint_shard.hpp"

namespace pagewright {

namespace {

constexpr const char* kCheckpointFormat = "pagewright-checkpoint";

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
      version <= kCheckpointVersion,
      "{}: checkpoint format version {} is newer than this program knows ({}); use the program that wrote it",
      folder.string(), version, kCheckpointVersion);
}

std::optional<CheckpointReward> reward_in(const nlohmann::json& manifest) {
  const auto reward = manifest.find("reward");
  if (reward == manifest.end()) return std::nullopt;
  return CheckpointReward{reward->at("metric").get<std::string>(), reward->at("value").get<double>()};
}

/// Nothing for a checkpoint that is damaged, too.
std::optional<CheckpointReward> reward_of_checkpoint(const std::filesystem::path& folder) {
  try {
    return reward_in(read_manifest(folder));
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace

CheckpointStore::CheckpointStore(std::filesystem::path folder, RunIdentity identity, int keep, bool keep_best)
    : folder_(std::move(folder)),
      identity_(std::move(identity)),
      keep_(std::max(1, keep)),
      keep_best_(keep_best) {}

void CheckpointStore::save(const Checkpoint& checkpoint) const {
  const auto folder = begin(checkpoint.iteration);
  write_checkpoint_shard(folder->path(), 0, checkpoint);
  finish(*folder, checkpoint, 1, hash_checkpoint(checkpoint));
}

std::unique_ptr<AtomicFolder> CheckpointStore::begin(std::int64_t iteration) const {
  make_folders(folder_);
  return std::make_unique<AtomicFolder>(folder_of(iteration));
}

std::filesystem::path CheckpointStore::folder_of(std::int64_t iteration) const {
  return folder_ / fmt::format("step-{:08}", iteration);
}

void CheckpointStore::finish(AtomicFolder& folder, const Checkpoint& checkpoint, int shards,
                             const CheckpointHashes& hashes) const {
  std::vector<std::string> names;
  for (int shard = 0; shard < shards; ++shard) names.push_back(checkpoint_shard_name(shard));
  nlohmann::json manifest = {{"format", kCheckpointFormat},
                             {"version", kCheckpointVersion},
                             {"iteration", checkpoint.iteration},
                             {"configuration", identity_.configuration},
                             {"language", identity_.language},
                             {"fingerprint", identity_.fingerprint},
                             {"numbers", checkpoint.numbers},
                             {"shards", names},
                             {"sha256", {{"parameters", hashes.parameters}, {"state", hashes.state}}}};
  if (!identity_.base.empty()) manifest["base"] = identity_.base;
  if (checkpoint.reward)
    manifest["reward"] = {{"metric", checkpoint.reward->metric}, {"value", checkpoint.reward->value}};
  write_file_atomically(folder.path() / "manifest.json", manifest.dump(2) + "\n");
  folder.publish(AtomicFolder::Existing::replace);
  remove_superfluous();
}

void CheckpointStore::remove_superfluous() const {
  const auto found = folders();
  const auto best_one = keep_best_ ? best() : std::nullopt;
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep_) < found.size(); ++i) {
    if (best_one && best_one->folder == found[i]) continue;
    std::error_code problem;
    std::filesystem::remove_all(found[i], problem);
    if (problem) log_warn("cannot remove the old checkpoint {}: {}", found[i].string(), problem.message());
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

std::optional<BestCheckpoint> CheckpointStore::best() const {
  std::optional<BestCheckpoint> best_one;
  const auto found = folders();
  for (auto folder = found.rbegin(); folder != found.rend(); ++folder) {
    const auto reward = reward_of_checkpoint(*folder);
    if (!reward || (best_one && reward->metric != best_one->reward.metric)) continue;
    if (!best_one || reward->value >= best_one->reward.value) best_one = {*folder, *reward};
  }
  return best_one;
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
  require(
      manifest.value("base", "") == identity_.base,
      "{} was trained on other frozen weights (SHA-256 {}, now {}): the model that its adapters belong to "
      "has changed; bring it back, or train into another run folder",
      folder.string(), manifest.value("base", ""), identity_.base);
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
    checkpoint.reward = reward_in(manifest);
    expected = manifest.at("sha256").at("state").get<std::string>();
  } catch (const nlohmann::json::exception& error) {
    fail("manifest.json: {}", error.what());
  }
  for (const std::string& shard : shards) read_checkpoint_shard(folder / shard, checkpoint);
  join_parts(checkpoint);
  require(hash_checkpoint(checkpoint).state == expected,
          "its content does not have the SHA-256 that manifest.json says");
  return checkpoint;
}

}  // namespace pagewright
