#pragma once
#include <filesystem>

namespace pagewright {

/// A folder that appears whole or not at all: fill path(), then publish(). Until then its content is in
/// `TARGET.tmp-PID` beside the target; the destructor removes that. Leftovers of the same target by processes
/// that are no more are removed at the start.
class AtomicFolder {
 public:
  enum class Existing { refuse, replace };

  explicit AtomicFolder(std::filesystem::path target);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  /// Where to write.
  const std::filesystem::path& path() const { return temporary_; }
  /// Where the folder will be.
  const std::filesystem::path& target() const { return target_; }
  /// Syncs every file and folder, then renames. A target in place is an Error, or is exchanged and removed.
  void publish(Existing existing = Existing::refuse);

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  bool published_ = false;
};

/// Syncs all files of a folder, and the folders, to the disk.
void sync_tree_to_disk(const std::filesystem::path& folder);

}  // namespace pagewright
