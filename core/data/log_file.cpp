#include "core/data/log_file.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_set>

#include <unistd.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/hash.hpp"
#include "core/base/log.hpp"
#include "core/data/hdf5.hpp"
#include "core/data/log_columns.hpp"

namespace pagewright {
namespace {

constexpr const char* kLogFormat = "pagewright-log";

std::string log_part_name(std::size_t number) {
  return fmt::format("part-{:05}.h5", number);
}

bool is_log_part_name(const std::string& name) {
  return name.size() >= 13 && name.starts_with("part-") && name.ends_with(".h5") &&
         std::all_of(name.begin() + 5, name.end() - 3, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::filesystem::path> log_parts_of(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> parts;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (is_log_part_name(entry.path().filename().string())) parts.push_back(entry.path());
  std::sort(parts.begin(), parts.end());
  return parts;
}

void check_log_target(const std::filesystem::path& folder, bool append) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(".part-")) continue;  // left by a writer that died
    require(is_log_part_name(name), "{}: holds '{}', which is no part of a log; choose another folder",
            folder.string(), name);
    require(append, "{}: holds a log already; choose another folder, or append to it with --append",
            folder.string());
  }
}

void check_log_format(const Hdf5File& file) {
  const auto path = file.path().string();
  const bool ours = file.has_attribute("format") && file.has_attribute("format_version");
  require(ours && file.text_attribute("format") == kLogFormat,
          "{}: an HDF5 file, but not a feedback log of Pagewright (attribute 'format' is not '{}'); make one "
          "with "
          "'pagewright import'",
          path, kLogFormat);
  const auto version = file.int_attribute("format_version");
  require(version >= 1, "{}: format version {} does not exist; the file is damaged", path, version);
  require(version <= kLogFormatVersion,
          "{}: feedback log of format version {}, but this Pagewright reads versions up to {}; use the "
          "Pagewright that "
          "wrote it ({}) or a newer one",
          path, version, kLogFormatVersion,
          file.has_attribute("created_by") ? file.text_attribute("created_by") : std::string("unknown"));
}

}  // namespace

class LogWriter::Impl {
 public:
  Impl(std::filesystem::path folder, LogOrigin origin, bool append)
      : folder_(std::move(folder)), origin_(std::move(origin)) {
    made_folder_ = !std::filesystem::exists(folder_);
    make_folders(folder_);
    check_log_target(folder_, append);
  }

  ~Impl() {
    std::error_code ignored;
    for (const auto& path : temporary_) std::filesystem::remove(path, ignored);
    if (made_folder_ && !committed_) std::filesystem::remove(folder_, ignored);  // only if empty
  }

  std::int64_t add(const LoggedRequest& request) {
    columns_.add(request);
    return first_request_ + columns_.requests() - 1;
  }

  void add(const LoggedPage& page) {
    LoggedPage in_part = page;
    in_part.request -= first_request_;
    columns_.add(in_part);
  }

  std::int64_t requests_in_part() const { return columns_.requests(); }

  void finish_part() {
    if (columns_.requests() == 0) return;
    const auto path = folder_ / fmt::format(".{}.tmp-{}", log_part_name(temporary_.size()), ::getpid());
    temporary_.push_back(path);
    auto file = Hdf5File::create(path);
    file.set_attribute("format", kLogFormat);
    file.set_attribute("format_version", columns_.format_version());
    file.set_attribute("created_by", "pagewright 0.1.0");
    file.set_attribute("event_schema", "UBI 1.3.0 action names, plus section and price");
    file.set_attribute("source", origin_.source);
    file.set_attribute("split", origin_.split_rule);
    columns_.write(file);
    file.close();
    sync_to_disk(path);
    first_request_ += columns_.requests();
    pages_ += columns_.pages();
    columns_ = {};
  }

  void commit() {
    finish_part();
    require(pages_ > 0, "{}: nothing to write: not one usable page", folder_.string());
    const auto parts = log_parts_of(folder_);
    std::size_t number = 0;
    if (!parts.empty()) number = std::stoul(parts.back().filename().string().substr(5)) + 1;
    for (const auto& path : temporary_) {
      const auto target = folder_ / log_part_name(number++);
      require(!std::filesystem::exists(target), "{}: was made meanwhile; is another import writing here?",
              target.string());
      std::filesystem::rename(path, target);
    }
    temporary_.clear();
    committed_ = true;
    sync_to_disk(folder_);
  }

 private:
  std::filesystem::path folder_;
  LogOrigin origin_;
  bool made_folder_ = false;
  bool committed_ = false;
  LogColumns columns_;
  std::vector<std::filesystem::path> temporary_;
  std::int64_t first_request_ = 0;
  std::int64_t pages_ = 0;
};

LogWriter::LogWriter(std::filesystem::path folder, LogOrigin origin, bool append)
    : impl_(std::make_unique<Impl>(std::move(folder), std::move(origin), append)) {}
LogWriter::~LogWriter() = default;
std::int64_t LogWriter::add(const LoggedRequest& request) {
  return impl_->add(request);
}
void LogWriter::add(const LoggedPage& page) {
  impl_->add(page);
}
std::int64_t LogWriter::requests_in_part() const {
  return impl_->requests_in_part();
}
void LogWriter::finish_part() {
  impl_->finish_part();
}
void LogWriter::commit() {
  impl_->commit();
}

void write_log(const std::filesystem::path& folder, const FeedbackLog& log, const LogOrigin& origin,
               bool append) {
  LogWriter writer(folder, origin, append);
  for (const auto& request : log.requests) writer.add(request);
  for (const auto& page : log.pages) writer.add(page);
  writer.commit();
}

LogReader::LogReader(const std::filesystem::path& folder) {
  require(std::filesystem::exists(folder),
          "{}: no such folder; make a log with 'pagewright import' or 'simulate'", folder.string());
  require(std::filesystem::is_directory(folder), "{}: not a folder; a log is a folder of parts",
          folder.string());
  parts_ = log_parts_of(folder);
  require(!parts_.empty(),
          "{}: holds no part of a log (part-00000.h5); make one with 'pagewright import' or 'simulate'",
          folder.string());
}

bool LogReader::next(LogColumns& part) {
  if (next_ == parts_.size()) return false;
  const auto file = Hdf5File::open(parts_[next_++]);
  check_log_format(file);
  origin_ = {file.text_attribute("source"), file.text_attribute("split")};
  part = LogColumns::read(file);
  return true;
}

bool LogReader::next(FeedbackLog& part) {
  LogColumns columns;
  if (!next(columns)) return false;
  part = {};
  columns.append_to(part, std::vector<bool>(static_cast<std::size_t>(columns.requests()), true));
  return true;
}

namespace {

/// Where a user stands in the order in which users are selected; a request without a user stands for itself.
std::uint64_t selection_rank(const LogColumns& part, std::size_t request, std::uint64_t seed) {
  const std::string& user = part.strings.strings()[static_cast<std::size_t>(part.request_user[request])];
  if (!user.empty()) return stable_hash(user, seed);
  return stable_hash(part.strings.strings()[static_cast<std::size_t>(part.request_id[request])], ~seed);
}

/// The highest rank that is selected; nothing if no user has so few pages.
std::optional<std::uint64_t> highest_rank(const std::filesystem::path& folder,
                                          const LogSelection& selection) {
  std::vector<std::uint64_t> ranks;  // of every page's user
  LogReader reader(folder);
  for (LogColumns part; reader.next(part);)
    for (const std::int64_t request : part.page_request)
      ranks.push_back(selection_rank(part, static_cast<std::size_t>(request), selection.seed));
  std::sort(ranks.begin(), ranks.end());
  auto wanted = static_cast<std::size_t>(selection.max_pages);
  if (wanted >= ranks.size()) return std::numeric_limits<std::uint64_t>::max();
  while (wanted > 0 && ranks[wanted - 1] == ranks[wanted]) --wanted;  // no user by halves
  log_info("{}: {} of {} pages are read, those of users drawn by a hash of their names", folder.string(),
           wanted, ranks.size());
  if (wanted == 0) return std::nullopt;
  return ranks[wanted - 1];
}

}  // namespace

FeedbackLog load_log(const std::filesystem::path& folder, const LogSelection& selection) {
  std::optional<std::uint64_t> highest;
  if (selection.max_pages > 0) {
    highest = highest_rank(folder, selection);
    require(highest.has_value(), "{}: the first user alone has more pages than the {} that are wanted",
            folder.string(), selection.max_pages);
  }
  FeedbackLog log;
  LogReader reader(folder);
  for (LogColumns part; reader.next(part);) {
    std::vector<bool> chosen(static_cast<std::size_t>(part.requests()), true);
    if (highest)
      for (std::size_t i = 0; i < chosen.size(); ++i)
        chosen[i] = selection_rank(part, i, selection.seed) <= *highest;
    part.append_to(log, chosen);
  }
  std::unordered_set<std::string> ids;
  for (const auto& page : log.pages)
    require(ids.insert(page.page_id).second, "{}: page id '{}' occurs twice; was one file imported twice?",
            folder.string(), page.page_id);
  return log;
}

}  // namespace pagewright
