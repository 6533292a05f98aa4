#include "core/data/import.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/progress.hpp"
#include "core/data/jsonl_importer.hpp"
#include "core/data/line_reader.hpp"
#include "core/data/log_columns.hpp"
#include "core/data/trivago_importer.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kRequestsPerPart = 50000;

constexpr LogFormat kLogFormats[] = {
    {"jsonl", "one JSON object a page: request, candidates, page, propensities, events (docs/log-format.md)",
     make_jsonl_importer},
    {"trivago",
     "click-outs of the RecSys Challenge 2019, one JSON object a click-out, pages and revisits told apart",
     make_trivago_importer},
};

const LogFormat& find_log_format(const std::string& name) {
  std::string names;
  for (const auto& format : log_formats()) {
    if (format.name == name) return format;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  }
  fail("'{}' is no log format; use one of: {}", name, names);
}

std::unordered_set<std::string> known_page_ids(const std::filesystem::path& folder, bool append) {
  std::unordered_set<std::string> ids;
  if (!append || !std::filesystem::exists(folder)) return ids;
  LogReader reader(folder);
  for (FeedbackLog part; reader.next(part);)
    for (const auto& page : part.pages) ids.insert(page.page_id);
  return ids;
}

/// Notes rows that cannot be used; with `strict` the first one ends the import.
class UnusableRows {
 public:
  UnusableRows(const ImportOptions& options, ImportReport& report) : options_(options), report_(report) {}

  void add(const std::string& file, std::int64_t line, const std::string& reason) {
    if (options_.strict) fail("{}:{}: {}", file, line, reason);
    ++report_.unusable;
    if (report_.first_unusable.size() < options_.shown_rows)
      report_.first_unusable.push_back({file, line, reason});
  }

 private:
  const ImportOptions& options_;
  ImportReport& report_;
};

void import_file(const std::filesystem::path& path, LogImporter& importer, ImportSink& sink,
                 UnusableRows& unusable, ImportReport& report, Progress& progress) {
  LineReader reader(path);
  for (std::string line; reader.next(line);) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    ++report.rows;
    try {
      importer.row(line, sink);
    } catch (const Error& error) {
      unusable.add(path.string(), reader.line_number(), error.what());
    }
    progress.advance();
  }
}

}  // namespace

std::span<const LogFormat> log_formats() {
  return kLogFormats;
}

ImportSink::ImportSink(LogWriter& writer, SplitRule split, std::unordered_set<std::string> known_pages)
    : writer_(writer), split_(split), page_ids_(std::move(known_pages)) {}

void ImportSink::check(const LoggedPage& page, std::size_t candidates) const {
  check_logged_page(page, candidates);
  require(!page_ids_.contains(page.page_id),
          "page id '{}' is in the log already; was this row imported before?", page.page_id);
}

void ImportSink::write(LoggedPage& page) {
  page.request = last_row_;
  writer_.add(page);
  page_ids_.insert(page.page_id);
  ++(page.revisit_of ? revisits_ : pages_);
}

void ImportSink::add(LoggedRequest request, std::vector<LoggedPage> pages) {
  check_logged_request(request.request);
  for (const auto& page : pages) check(page, request.request.candidates.size());
  if (writer_.requests_in_part() >= kRequestsPerPart) writer_.finish_part();
  last_row_ = writer_.add(request);
  last_candidates_ = request.request.candidates.size();
  for (auto& page : pages) write(page);
}

void ImportSink::add_to_last(LoggedPage page) {
  check(page, last_candidates_);
  write(page);
}

void ImportSink::add(Request request, std::vector<LoggedPage> pages) {
  const auto split = split_(request);
  add(LoggedRequest{std::move(request), split}, std::move(pages));
}

void ImportSink::ignore_event(const std::string& action) {
  ++ignored_events_[action];
}

ImportReport import_log(const std::vector<std::filesystem::path>& files, const std::filesystem::path& folder,
                        const ImportOptions& options) {
  options.split.validate();
  require(!files.empty(), "no file to import");
  const auto importer = find_log_format(options.format).make();
  std::string source = options.format + ":";
  for (const auto& file : files) source += " " + file.filename().string();
  if (source.size() > 1000) source = source.substr(0, 1000) + " ...";
  LogWriter writer(folder, {source, options.split.describe()}, options.append);
  ImportSink sink(writer, options.split, known_page_ids(folder, options.append));
  ImportReport report;
  UnusableRows unusable(options, report);
  {
    Progress progress("import", 0);
    for (const auto& file : files) import_file(file, *importer, sink, unusable, report, progress);
    importer->finish(sink);
  }
  report.pages = sink.pages();
  report.revisits = sink.revisits();
  report.ignored_events = sink.ignored_events();
  require(report.rows > 0, "{}: no rows; is it the right file?", files.front().string());
  if (report.pages == 0) fail("{}: not one usable row\n{}", files.front().string(), report.text());
  writer.commit();
  return report;
}

std::string ImportReport::text() const {
  auto text =
      fmt::format("rows {}, pages {}, revisits {}, unusable rows {}\n", rows, pages, revisits, unusable);
  for (const auto& row : first_unusable) text += fmt::format("  {}:{}: {}\n", row.file, row.line, row.reason);
  const auto shown = static_cast<std::int64_t>(first_unusable.size());
  if (shown < unusable) text += fmt::format("  and {} more\n", unusable - shown);
  for (const auto& [action, count] : ignored_events)
    text += fmt::format(
        "  {} events of action '{}' left out: only impression, view, click, add_to_cart and purchase count\n",
        count, action);
  return text;
}

}  // namespace pagewright
