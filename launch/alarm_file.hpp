#pragma once
// RUN/train/POLICY/alarms.json: what the watch on reward hacking said.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "distributed/pipeline/hacking_watch.hpp"

namespace pagewright {

struct AlarmRecord {
  std::vector<Alarm> alarms;
  std::optional<std::int64_t> stopped_after;  ///< iterations, of a run that an alarm ended
};

/// Atomic: a reader sees the old file or the new one.
void write_alarms(const std::filesystem::path& file, const AlarmRecord& record);
/// Throws Error that names the file.
AlarmRecord read_alarms(const std::filesystem::path& file);

}  // namespace pagewright
