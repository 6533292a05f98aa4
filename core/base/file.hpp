#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace pagewright {

/// The whole content of a file; an Error names the file and the reason.
std::string read_file(const std::filesystem::path& path);

/// Replaces a file or leaves it as it was: writes a temporary file beside it, syncs it, renames it over
/// `path` and syncs the folder. An Error names the file and the reason (no space, file-size limit,
/// permission); the temporary file is gone then, and so are those of processes that were killed while they
/// wrote. The folder must exist.
void write_file_atomically(const std::filesystem::path& path, std::string_view content);
/// The same for content that a library writes: `write` makes the temporary file at the path it is given.
void write_file_atomically(const std::filesystem::path& path,
                           const std::function<void(const std::filesystem::path& temporary)>& write);

/// Removes what processes that are no more left of interrupted writes of a file or folder.
void remove_dead_leftovers(const std::filesystem::path& target);

/// Makes a folder and the folders above it; an Error names the folder and the reason.
void make_folders(const std::filesystem::path& path);

/// Syncs a file's or a folder's content to the disk.
void sync_to_disk(const std::filesystem::path& path);

/// Lets a write beyond the file-size limit fail with an Error instead of ending the process by SIGXFSZ. For
/// `main`.
void ignore_file_size_signal();

}  // namespace pagewright
