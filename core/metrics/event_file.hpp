#pragma once
// Event files that TensorBoard shows: TFRecords of `Event` protocol buffers with scalar summaries.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace pagewright {

class EventFile {
 public:
  /// Makes the folder and a new file `events.out.tfevents.SECONDS.HOST.PROCESS` in it. A run that goes on at
  /// step `resumed_at` says so, and TensorBoard forgets what earlier files of the folder hold from that step
  /// on.
  explicit EventFile(const std::filesystem::path& folder, std::optional<std::int64_t> resumed_at = {});

  /// One event at a step, handed to the system before the call returns. Values become 32-bit floats.
  void add(std::int64_t step, const std::map<std::string, double>& values);

  const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(std::string_view event);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace pagewright
