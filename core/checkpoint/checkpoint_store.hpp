#pragma once
// Checkpoints of a run: a folder each, written aside, synced, renamed; the last few are kept.

#include <filesystem>
#include <optional>
#include <string>

#include "core/checkpoint/checkpoint.hpp"

namespace pagewright {

/// Folder `step-00000040` holds `manifest.json` (format, version, iteration, identity, numbers, the SHA-256
/// `parameters` and `state`) and `shard-0000.h5` (arrays and metrics).
class CheckpointStore {
 public:
  static constexpr int kVersion = 1;

  CheckpointStore(std::filesystem::path folder, RunIdentity identity, int keep);

  /// Writes a checkpoint and then removes the oldest beyond `keep`. Throws Error (full disk, no permission)
  /// and leaves the checkpoints that were there.
  void save(const Checkpoint& checkpoint) const;
  /// The newest whole checkpoint, or nothing. A damaged one is named in a warning and the one before it is
  /// taken; if all are damaged, or one is of another configuration, language or a newer format, an Error says
  /// so.
  std::optional<Checkpoint> load_latest() const;
  /// Folders of the checkpoints that are there, oldest first.
  std::vector<std::filesystem::path> folders() const;

 private:
  Checkpoint load(const std::filesystem::path& folder) const;
  void check_identity(const std::filesystem::path& folder) const;

  std::filesystem::path folder_;
  RunIdentity identity_;
  int keep_;
};

}  // namespace pagewright
