#pragma once
// Checkpoints of a run: a folder each, written aside, synced, renamed; the last few and the best are kept.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/base/atomic_folder.hpp"
#include "core/checkpoint/checkpoint.hpp"

namespace pagewright {

struct BestCheckpoint {
  std::filesystem::path folder;
  CheckpointReward reward;
};

/// Folder `step-00000040` holds `manifest.json` (format, version, iteration, identity, numbers, the SHA-256
/// `parameters` and `state`, and the reward where it is known) and a shard for each rank that wrote it,
/// `shard-0000.h5` (arrays, or parts of them; the first also metrics), ... Any number of ranks may read it.
class CheckpointStore {
 public:
  /// Keeps the newest `keep`, at least one, and with `keep_best` the best() beside them.
  CheckpointStore(std::filesystem::path folder, RunIdentity identity, int keep, bool keep_best = true);

  /// Writes a checkpoint and then removes those that are not to be kept. Throws Error (full disk, no
  /// permission) and leaves the checkpoints that were there.
  void save(const Checkpoint& checkpoint) const;

  /// The steps of save() for several processes. One begins; then each writes its shard
  /// (write_checkpoint_shard) into the folder's path(); when all have, the first one finishes with what all
  /// share and the hashes of the whole.
  std::unique_ptr<AtomicFolder> begin(std::int64_t iteration) const;
  void finish(AtomicFolder& folder, const Checkpoint& checkpoint, int shards,
              const CheckpointHashes& hashes) const;
  /// The newest whole checkpoint, or nothing. A damaged one is named in a warning and the one before it is
  /// taken; if all are damaged, or one is of another configuration, language or a newer format, an Error says
  /// so.
  std::optional<Checkpoint> load_latest() const;
  /// One of folders(), with whole arrays. Throws Error if it is damaged.
  Checkpoint load(const std::filesystem::path& folder) const;
  std::filesystem::path folder_of(std::int64_t iteration) const;
  /// Folders of the checkpoints that are there, oldest first.
  std::vector<std::filesystem::path> folders() const;
  /// The one with the highest reward, the earliest of equals, among those with the metric of the newest that
  /// has a reward; nothing if none has.
  std::optional<BestCheckpoint> best() const;

 private:
  void check_identity(const std::filesystem::path& folder) const;
  void remove_superfluous() const;

  std::filesystem::path folder_;
  RunIdentity identity_;
  int keep_;
  bool keep_best_;
};

}  // namespace pagewright
