#pragma once
// Other people's logs into ours: one importer a format, all driven by import_log. docs/log-format.md says how
// to add one.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/data/bot_rules.hpp"
#include "core/data/log_file.hpp"
#include "core/data/otto_importer.hpp"
#include "core/data/page_id_set.hpp"
#include "core/data/split_rule.hpp"

namespace pagewright {

class Progress;
class TableFile;

/// Takes what an importer has understood and writes it. A request and its pages go in together or not at all.
class ImportSink {
 public:
  /// Leaves out the pages that `bots` names, if there are any findings.
  ImportSink(LogWriter& writer, SplitRule split, PageIdSet known_pages, const BotFindings* bots = nullptr);
  /// Writes nothing and shows every page to `watch`.
  ImportSink(BotWatch& watch, SplitRule split, PageIdSet known_pages);

  /// Adds a request with the pages shown for it; LoggedPage::request is set here. Error, and nothing is
  /// added, if something does not fit or a page id was used before.
  void add(LoggedRequest request, std::vector<LoggedPage> pages);
  /// Adds with the split of the rule.
  void add(Request request, std::vector<LoggedPage> pages);
  /// Adds another page to the request added last.
  void add_to_last(LoggedPage page);
  /// The request added last; nothing before the first.
  const Request* last() const { return last_.request.candidates.empty() ? nullptr : &last_.request; }
  /// Counts an event whose action is not one of ours and is left out.
  void ignore_event(const std::string& action);
  /// Counts something else that the report says, in words: "events of an id that was seen before, dropped".
  void count(const std::string& what, std::int64_t times = 1) { counts_[what] += times; }

  std::int64_t pages() const { return pages_; }
  std::int64_t revisits() const { return revisits_; }
  const std::map<std::string, std::int64_t>& ignored_events() const { return ignored_events_; }
  const std::map<std::string, std::int64_t>& counts() const { return counts_; }

 private:
  void check(const LoggedPage& page, std::size_t candidates) const;
  /// Whether the page is left out as a bot's; counts it.
  bool left_out(const LoggedPage& page);
  /// Writes the request added last if that was not done yet, and the page.
  void write(LoggedPage& page);

  LogWriter* writer_;        ///< null while a BotWatch looks
  BotWatch* watch_;          ///< or null
  const BotFindings* bots_;  ///< or null
  SplitRule split_;
  PageIdSet page_ids_;
  LoggedRequest last_;
  std::optional<std::int64_t> last_row_;  ///< of `last_` once it is written
  std::int64_t pages_ = 0;
  std::int64_t revisits_ = 0;
  std::map<std::string, std::int64_t> ignored_events_, counts_;
};

struct ImportOptions;
struct ImportReport;

/// Counts rows and notes those that cannot be used; with `strict` the first one ends the import.
class ImportRows {
 public:
  ImportRows(const ImportOptions& options, ImportReport& report, Progress& progress)
      : options_(options), report_(report), progress_(progress) {}

  /// Calls `row` for each row of the table; its Error is that row's.
  void read(TableFile& table, const std::function<void()>& row);
  /// Another row was read.
  void count();
  /// Runs `use`; its Error is noted for the row.
  void take(const std::string& file, std::int64_t line, const std::function<void()>& use);

 private:
  struct Stop;
  void unusable(const std::string& file, std::int64_t line, const std::string& reason);

  const ImportOptions& options_;
  ImportReport& report_;
  Progress& progress_;
};

/// Understands one format. One object lives for all files of an import.
class LogImporter {
 public:
  virtual ~LogImporter() = default;
  virtual void file(const std::filesystem::path& path, ImportSink& sink, ImportRows& rows) = 0;
  /// After the last file, for formats that keep pages until then.
  virtual void finish(ImportSink& sink, ImportRows& rows) {
    static_cast<void>(sink);
    static_cast<void>(rows);
  }
};

/// A format whose rows are lines.
class LineImporter : public LogImporter {
 public:
  void file(const std::filesystem::path& path, ImportSink& sink, ImportRows& rows) final;
  /// Before the first line of a file; its Error ends the import.
  virtual void begin_file(const std::filesystem::path& path) { static_cast<void>(path); }
  /// Takes one line that is not empty. An Error says why the row cannot be used; the import then goes on with
  /// the next.
  virtual void row(std::string_view line, ImportSink& sink) = 0;
};

struct LogFormat {
  const char* name;
  const char* description;
  std::unique_ptr<LogImporter> (*make)(const ImportOptions& options);
};
/// All formats, as `pagewright import --help` lists them.
std::span<const LogFormat> log_formats();

struct ImportOptions {
  std::string format = "jsonl";
  std::filesystem::path map;          ///< of the format `table`: what its columns mean
  std::vector<std::string> map_sets;  ///< keys of the map to override
  OttoOptions otto;                   ///< of the format `otto`
  SplitRule split;
  bool strict = false;           ///< stop at the first row that cannot be used
  bool append = false;           ///< add to a log that exists
  std::size_t shown_rows = 5;    ///< so many unusable rows are kept for the report
  std::optional<BotRules> bots;  ///< leave out sessions that these rules find; the files are then read twice
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
  std::map<std::string, std::int64_t> ignored_events, counts;
  /// Several lines for people; ends with a line break.
  std::string text() const;
};

/// Imports files into a log folder. Nothing is written unless all goes well: with `strict` a row that cannot
/// be used is an Error with file and line; no usable row at all is always one.
ImportReport import_log(const std::vector<std::filesystem::path>& files, const std::filesystem::path& folder,
                        const ImportOptions& options);

}  // namespace pagewright
