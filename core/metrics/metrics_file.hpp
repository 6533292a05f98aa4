#pragma once
// metrics.jsonl: one JSON object a line, one line an iteration.
//
//     {"iteration":3,"entropy":1.25,"kl_per_page":0.5,"seconds":0.714}
//
// Names are in byte order, numbers are the shortest text that reads back to the same bits, and what is not
// finite is null.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// The line of an iteration without times and without line end: the same bytes in every run with the same
/// results, so that it can enter a hash. Throws Error for a name that is empty, `iteration`, `seconds`, or
/// holds characters other than letters, digits and `_ . / @ -`.
std::string canonical_metrics_line(std::int64_t iteration, const std::map<std::string, double>& metrics);

/// A line as read back; a null becomes not-a-number.
struct MetricsRecord {
  std::int64_t iteration = 0;
  std::map<std::string, double> metrics;
  double seconds = 0;  ///< wall time of the iteration
};

/// Reads one line, with or without seconds. Throws Error if it is none.
MetricsRecord parse_metrics_line(std::string_view line);

/// All whole lines of such a file. A last line that an interruption cut short is left out; any other line
/// that cannot be read is an Error with file and line.
std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path);

/// Appends lines. Every line is handed to the system before append() returns.
class MetricsFile {
 public:
  /// Opens the file, makes it if there is none, and keeps only its lines of iterations below
  /// `keep_iterations`: 0 for a run that starts, the checkpoint's iteration for one that resumes. The folder
  /// must exist.
  MetricsFile(const std::filesystem::path& path, std::int64_t keep_iterations);

  void append(std::int64_t iteration, const std::map<std::string, double>& metrics, double seconds);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace pagewright
