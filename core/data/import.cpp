#include "core/data/import.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/progress.hpp"
#include "core/data/jsonl_importer.hpp"
#include "core/data/line_reader.hpp"
#include "core/data/log_columns.hpp"
#include "core/data/table_file.hpp"
#include "core/data/table_importer.hpp"
#include "core/data/trivago_importer.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kRequestsPerPart = 50000;

constexpr LogFormat kLogFormats[] = {
    {"jsonl", "one JSON object a page: request, candidates, page, propensities, events (docs/log-format.md)",
     [](const ImportOptions&) { return make_jsonl_importer(); }},
    {"trivago",
     "click-outs of the RecSys Challenge 2019, one JSON object a click-out, pages and revisits told apart",
     [](const ImportOptions&) { return make_trivago_importer(); }},
    {"otto",
     "sessions of the OTTO data set, one JSON object a session: what was touched, not what was shown, so "
     "that "
     "pages are put together (docs/log-format.md)",
     [](const ImportOptions& options) { return make_otto_importer(options.otto, options.split); }},
    {"table",
     "CSV or JSON Lines of slots or pages, with the meaning of its columns in --map FILE.yaml; "
     "configs/import/ "
     "has maps of public data sets",
     [](const ImportOptions& options) {
       require(!options.map.empty(),
               "the format table needs --map FILE.yaml, which says what its columns mean");
       return make_table_importer(options.map, options.map_sets);
     }},
};

const LogFormat& find_log_format(const std::string& name) {
  std::string names;
  for (const auto& format : log_formats()) {
    if (format.name == name) return format;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  }
  fail("'{}' is no log format; use one of: {}", name, names);
}

PageIdSet known_page_ids(const std::filesystem::path& folder, bool append) {
  PageIdSet ids;
  if (!append || !std::filesystem::exists(folder)) return ids;
  LogReader reader(folder);
  for (FeedbackLog part; reader.next(part);)
    for (const auto& page : part.pages) ids.insert(page.page_id);
  return ids;
}

}  // namespace

std::span<const LogFormat> log_formats() {
  return kLogFormats;
}

/// Ends the import, through every row that is being taken.
struct ImportRows::Stop : Error {
  using Error::Error;
};

void ImportRows::unusable(const std::string& file, std::int64_t line, const std::string& reason) {
  if (options_.strict) throw Stop(fmt::format("{}:{}: {}", file, line, reason));
  ++report_.unusable;
  if (report_.first_unusable.size() < options_.shown_rows)
    report_.first_unusable.push_back({file, line, reason});
}

void ImportRows::count() {
  ++report_.rows;
  progress_.advance();
}

void ImportRows::take(const std::string& file, std::int64_t line, const std::function<void()>& use) {
  try {
    use();
  } catch (const Stop&) {
    throw;
  } catch (const Error& error) {
    unusable(file, line, error.what());
  }
}

void ImportRows::read(TableFile& table, const std::function<void()>& row) {
  for (bool more = true; more;) {
    bool taken = false;
    std::string problem;
    try {
      more = table.next();
      taken = more;
      if (more) row();
    } catch (const Stop&) {
      throw;
    } catch (const Error& error) {
      problem = error.what();
      taken = true;
    }
    if (taken) count();
    if (!problem.empty()) unusable(table.path().string(), table.line(), problem);
  }
}

void LineImporter::file(const std::filesystem::path& path, ImportSink& sink, ImportRows& rows) {
  begin_file(path);
  LineReader reader(path);
  for (std::string line; reader.next(line);) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    rows.count();
    rows.take(path.string(), reader.line_number(), [&] { row(line, sink); });
  }
}

ImportSink::ImportSink(LogWriter& writer, SplitRule split, PageIdSet known_pages, const BotFindings* bots)
    : writer_(&writer), watch_(nullptr), bots_(bots), split_(split), page_ids_(std::move(known_pages)) {}

ImportSink::ImportSink(BotWatch& watch, SplitRule split, PageIdSet known_pages)
    : writer_(nullptr), watch_(&watch), bots_(nullptr), split_(split), page_ids_(std::move(known_pages)) {}

void ImportSink::check(const LoggedPage& page, std::size_t candidates) const {
  check_logged_page(page, candidates);
  require(!page_ids_.contains(page.page_id),
          "page id '{}' is in the log already; was this row imported before?", page.page_id);
}

bool ImportSink::left_out(const LoggedPage& page) {
  if (bots_ == nullptr || !bots_->pages.contains(bot_page_key(page.page_id))) return false;
  page_ids_.insert(page.page_id);
  count("pages of bot-like sessions left out");
  return true;
}

void ImportSink::write(LoggedPage& page) {
  if (writer_ != nullptr) {
    if (!last_row_) {
      if (writer_->requests_in_part() >= kRequestsPerPart) writer_->finish_part();
      last_row_ = writer_->add(last_);
    }
    page.request = *last_row_;
    writer_->add(page);
  } else {
    watch_->see(last_.request, page);
  }
  page_ids_.insert(page.page_id);
  ++(page.revisit_of ? revisits_ : pages_);
}

void ImportSink::add(LoggedRequest request, std::vector<LoggedPage> pages) {
  check_logged_request(request.request);
  for (const auto& page : pages) check(page, request.request.candidates.size());
  last_ = std::move(request);
  last_row_.reset();
  for (auto& page : pages)
    if (!left_out(page)) write(page);
}

void ImportSink::add_to_last(LoggedPage page) {
  check(page, last_.request.candidates.size());
  if (!left_out(page)) write(page);
}

void ImportSink::add(Request request, std::vector<LoggedPage> pages) {
  const auto split = split_(request);
  add(LoggedRequest{std::move(request), split}, std::move(pages));
}

void ImportSink::ignore_event(const std::string& action) {
  ++ignored_events_[action];
}

namespace {

/// One reading of all files.
void read_files(const std::vector<std::filesystem::path>& files, const ImportOptions& options,
                ImportSink& sink, ImportReport& report, const char* what) {
  const auto importer = find_log_format(options.format).make(options);
  Progress progress(what, 0);
  ImportRows rows(options, report, progress);
  for (const auto& file : files) importer->file(file, sink, rows);
  importer->finish(sink, rows);
}

BotFindings find_bots(const std::vector<std::filesystem::path>& files, const ImportOptions& options,
                      const PageIdSet& known_pages) {
  BotWatch watch(*options.bots);
  ImportSink sink(watch, options.split, known_pages);
  ImportReport unread;
  read_files(files, options, sink, unread, "look for bots");
  return watch.findings();
}

/// "bots dropped: 240 pages of 2 of 310 sessions".
std::string bots_text(const BotFindings& bots) {
  return fmt::format("bots dropped: {} pages of {} of {} sessions", bots.pages.size(), bots.bot_sessions,
                     bots.all_sessions);
}

}  // namespace

ImportReport import_log(const std::vector<std::filesystem::path>& files, const std::filesystem::path& folder,
                        const ImportOptions& options) {
  options.split.validate();
  require(!files.empty(), "no file to import");
  find_log_format(options.format);
  if (options.bots)
    for (const auto& file : files)
      require(!std::filesystem::exists(file) || std::filesystem::is_regular_file(file),
              "{}: --drop-bots reads files twice, and this is no regular file", file.string());
  auto known_pages = known_page_ids(folder, options.append);
  std::optional<BotFindings> bots;
  if (options.bots) bots = find_bots(files, options, known_pages);
  std::string source = options.format + ":";
  for (const auto& file : files) source += " " + file.filename().string();
  if (source.size() > 1000) source = source.substr(0, 1000) + " ...";
  if (bots) source += "; " + bots_text(*bots);
  LogWriter writer(folder, {source, options.split.describe()}, options.append);
  ImportSink sink(writer, options.split, std::move(known_pages), bots ? &*bots : nullptr);
  ImportReport report;
  read_files(files, options, sink, report, "import");
  report.pages = sink.pages();
  report.revisits = sink.revisits();
  report.ignored_events = sink.ignored_events();
  report.counts = sink.counts();
  if (bots)
    for (std::size_t rule = 0; rule < kBotRules; ++rule)
      if (bots->sessions[rule] > 0)
        report.counts["bot-like sessions: " + bot_rule_text(*options.bots, static_cast<BotRule>(rule))] =
            bots->sessions[rule];
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
        "  {} events of action '{}' left out: only impression, view, click, add_to_cart, purchase, dismiss, "
        "hide and return count\n",
        count, action);
  for (const auto& [what, count] : counts) text += fmt::format("  {} {}\n", count, what);
  return text;
}

}  // namespace pagewright
