#include "core/base/atomic_folder.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"

namespace pagewright {
namespace {

std::filesystem::path absolute_target(const std::filesystem::path& target) {
  std::filesystem::path full = std::filesystem::absolute(target).lexically_normal();
  return full.has_filename() ? full : full.parent_path();
}

/// Puts `fresh` at `target` and the old folder at `fresh`'s place: in one step where the file system can.
int exchange_folders(const std::filesystem::path& fresh, const std::filesystem::path& target) {
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  const std::string aside = fresh.string() + "-old";
  if (::rename(target.c_str(), aside.c_str()) != 0) return errno;
  if (::rename(fresh.c_str(), target.c_str()) != 0) {
    const int reason = errno;
    return ::rename(aside.c_str(), target.c_str()) == 0 ? reason : errno;
  }
  return ::rename(aside.c_str(), fresh.c_str()) == 0 ? 0 : errno;
}

}  // namespace

void sync_tree_to_disk(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() || entry.is_directory()) sync_to_disk(entry.path());
  sync_to_disk(folder);
}

AtomicFolder::AtomicFolder(std::filesystem::path target)
    : target_(absolute_target(target)), temporary_(fmt::format("{}.tmp-{}", target_.string(), ::getpid())) {
  remove_dead_leftovers(target_);
  std::error_code error;
  const bool made = std::filesystem::create_directory(temporary_, error);
  require(made, "cannot make the folder '{}': {}", temporary_.string(),
          error ? error.message() : "this process is writing it already");
}

AtomicFolder::~AtomicFolder() {
  std::error_code ignored;
  if (!published_) std::filesystem::remove_all(temporary_, ignored);
}

void AtomicFolder::publish(Existing existing) {
  require(!published_, "the folder '{}' was published before", target_.string());
  const bool present = std::filesystem::exists(std::filesystem::symlink_status(target_));
  require(!present || existing == Existing::replace,
          "the folder '{}' exists; remove it or choose another name", target_.string());
  sync_tree_to_disk(temporary_);
  const int reason = present ? exchange_folders(temporary_, target_)
                             : (::rename(temporary_.c_str(), target_.c_str()) == 0 ? 0 : errno);
  require(reason == 0, "cannot publish the folder '{}': {}", target_.string(),
          std::generic_category().message(reason));
  sync_to_disk(target_.parent_path());
  published_ = true;
  std::error_code ignored;
  if (present) std::filesystem::remove_all(temporary_, ignored);
}

}  // namespace pagewright
