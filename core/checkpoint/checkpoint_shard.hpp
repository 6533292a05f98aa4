#pragma once
// The file of a checkpoint that one rank writes.

#include <filesystem>
#include <string>

#include "core/checkpoint/checkpoint.hpp"

namespace pagewright {

/// Of the format; 1 had a single shard of whole arrays, 2 had no blobs.
inline constexpr int kCheckpointVersion = 3;

/// "shard-0003.h5".
std::string checkpoint_shard_name(int shard);

/// Writes a rank's arrays and blobs, and with shard 0 the metrics, and syncs the file to the disk, which a
/// rank on another machine could not do for it. Throws Error naming the file (full disk, no permission).
void write_checkpoint_shard(const std::filesystem::path& folder, int shard, const Checkpoint& part);

/// Adds the arrays and blobs of a shard to those that `checkpoint` has. Throws Error naming the file if it is
/// damaged.
void read_checkpoint_shard(const std::filesystem::path& path, Checkpoint& checkpoint);

}  // namespace pagewright
