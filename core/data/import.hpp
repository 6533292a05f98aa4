#pragma once
// Other people's logs into ours: one importer a format, all driven by import_log. docs/log-format.md says how
// to add one.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/data/log_file.hpp"
#include "core/data/split_rule.hpp"

namespace pagewright {

/// Takes what an importer has understood and writes it. A request and its pages go in together or not at all.
class ImportSink {
 public:
  ImportSink(LogWriter& writer, SplitRule split, std::unordered_set<std::string> known_pages);

  /// Adds a request with the pages shown for it; LoggedPage::request is set here. Error, and nothing is
  /// added, if something does not fit or a page id was used before.
  void add(LoggedRequest request, std::vector<LoggedPage> pages);
  /// Adds with the split of the rule.
  void add(Request request, std::vector<LoggedPage> pages);
  /// Adds another page to the request added last.
  void add_to_last(LoggedPage page);
  /// Counts an event whose action is not one of ours and is left out.
  void ignore_event(const std::string& action);

  std::int64_t pages() const { return pages_; }
  std::int64_t revisits() const { return revisits_; }
  const std::map<std::string, std::int64_t>& ignored_events() const { return ignored_events_; }

 private:
  void check(const LoggedPage& page, std::size_t candidates) const;
  void write(LoggedPage& page);

  LogWriter& writer_;
  SplitRule split_;
  std::unordered_set<std::string> page_ids_;
  std::int64_t last_row_ = -1;  ///< of the request added last
  std::size_t last_candidates_ = 0;
  std::int64_t pages_ = 0;
  std::int64_t revisits_ = 0;
  std::map<std::string, std::int64_t> ignored_events_;
};

/// Understands the rows of one format. One object lives for all files of an import.
class LogImporter {
 public:
  virtual ~LogImporter() = default;
  /// Takes one line that is not empty. An Error says why the row cannot be used; the import then goes on with
  /// the next.
  virtual void row(std::string_view line, ImportSink& sink) = 0;
  /// After the last row, for formats that spread a page over rows.
  virtual void finish(ImportSink& sink) { static_cast<void>(sink); }
};

struct LogFormat {
  const char* name;
  const char* description;
  std::unique_ptr<LogImporter> (*make)();
};
/// All formats, as `pagewright import --help` lists them.
std::span<const LogFormat> log_formats();

struct ImportOptions {
  std::string format = "jsonl";
  SplitRule split;
  bool strict = false;         ///< stop at the first row that cannot be used
  bool append = false;         ///< add to a log that exists
  std::size_t shown_rows = 5;  ///< so many unusable rows are kept for the report
};

struct UnusableRow {
  std::string file;
  std::int64_t line = 0;
  std::string reason;
};

struct ImportReport {
  std::int64_t rows = 0;
  std::int64_t pages = 0;  ///< first views
  std::int64_t revisits = 0;
  std::int64_t unusable = 0;
  std::vector<UnusableRow> first_unusable;
  std::map<std::string, std::int64_t> ignored_events;
  /// Several lines for people; ends with a line break.
  std::string text() const;
};

/// Imports files into a log folder. Nothing is written unless all goes well: with `strict` a row that cannot
/// be used is an Error with file and line; no usable row at all is always one.
ImportReport import_log(const std::vector<std::filesystem::path>& files, const std::filesystem::path& folder,
                        const ImportOptions& options);

}  // namespace pagewright
