#pragma once
// A feedback log on disk: a folder of HDF5 parts, part-00000.h5, part-00001.h5, ... (docs/log-format.md).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/data/log_columns.hpp"

namespace pagewright {

inline constexpr std::int64_t kLogFormatVersion = 2;

/// Where a part comes from; stored with it.
struct LogOrigin {
  std::string source;      ///< what was imported or simulated, in words
  std::string split_rule;  ///< how users or times were split (SplitRule::describe)
  bool operator==(const LogOrigin&) const = default;
};

/// Adds parts to a log. Parts are written under temporary names and appear, all of them, with commit();
/// without it (an Error, a full disk) the folder is left as it was. Existing parts are never touched.
class LogWriter {
 public:
  /// Makes the folder if it does not exist. Error if it exists and holds anything but parts of a log, or if
  /// it holds parts and `append` is false.
  LogWriter(std::filesystem::path folder, LogOrigin origin, bool append = false);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  /// Row number of the request, to be given as LoggedPage::request; it counts on from part to part.
  std::int64_t add(const LoggedRequest& request);
  /// A page of a request of the current part. Error if it does not fit its request.
  void add(const LoggedPage& page);
  /// Requests in the current part.
  std::int64_t requests_in_part() const;
  /// Ends the current part, so that memory is bounded; pages of its requests can no longer be added.
  void finish_part();
  /// Ends the current part and makes all parts of this writer visible. Error if there is not one page.
  void commit();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes a whole log as one part.
void write_log(const std::filesystem::path& folder, const FeedbackLog& log, const LogOrigin& origin,
               bool append = false);

/// Reads a log part by part, in order.
class LogReader {
 public:
  /// Error if the folder does not exist or holds no part.
  explicit LogReader(const std::filesystem::path& folder);
  /// The next part; false at the end. Error that names the part: foreign, cut short, damaged, or of a newer
  /// format. LoggedPage::request counts from this part's first request.
  bool next(FeedbackLog& part);
  /// The same as columns, from which rows are made only where they are wanted.
  bool next(LogColumns& part);
  /// Origin of the part read last.
  const LogOrigin& origin() const { return origin_; }
  const std::vector<std::filesystem::path>& parts() const { return parts_; }

 private:
  std::vector<std::filesystem::path> parts_;
  std::size_t next_ = 0;
  LogOrigin origin_;
};

/// The part of a log that is read: all of it, or whole users in the order of a hash of their names, as many
/// as have at most `max_pages` pages together. A larger selection holds every smaller one.
struct LogSelection {
  std::int64_t max_pages = 0;  ///< 0: all
  std::uint64_t seed = 0;      ///< of the hash
};

/// A log in memory; LoggedPage::request counts over all that was read. A selection is made in two passes over
/// the parts, of which one is in memory at a time. Error if two pages have one id.
FeedbackLog load_log(const std::filesystem::path& folder, const LogSelection& selection = {});

}  // namespace pagewright
