#include "rewards/feedback/pair_file.hpp"

#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/json_fields.hpp"
#include "core/data/line_reader.hpp"
#include "core/data/log_hash.hpp"
#include "core/data/split_rule.hpp"
#include "core/page/json_write.hpp"
#include "core/page/page_json.hpp"

namespace pagewright {
namespace {

using PairJson = nlohmann::ordered_json;

constexpr std::string_view kPairFormat = "pagewright-pairs";
constexpr std::int64_t kPairVersion = 2;
constexpr std::array<std::string_view, 5> kPairHeadKeys = {"format", "version", "log", "log_hash",
                                                           "configuration"};
constexpr std::array<std::string_view, 11> kPairKeys = {
    "split",  "family",        "request",          "request_id", "better", "worse",
    "weight", "worse_request", "worse_request_id", "hard",       "unseen"};

const Request& logged_request(const FeedbackLog& log, std::int64_t index) {
  return log.requests.at(static_cast<std::size_t>(index)).request;
}

std::string pair_line(const PageSchema& schema, const FeedbackLog& log, Split split, const PagePair& pair) {
  const Request& request = logged_request(log, pair.request);
  const Request& of_worse = logged_request(log, pair.request_of_worse());
  PairJson json = {{"split", split_name(split)},
                   {"family", pair_family_name(pair.family)},
                   {"request", pair.request},
                   {"request_id", request.id}};
  if (pair.worse_request) {
    json["worse_request"] = *pair.worse_request;
    json["worse_request_id"] = of_worse.id;
  }
  json["weight"] = pair.weight;
  if (pair.hard) json["hard"] = true;
  if (pair.unseen) json["unseen"] = true;
  json["better"] = PairJson::parse(sections_to_json(schema, request, pair.better));
  json["worse"] = PairJson::parse(sections_to_json(schema, of_worse, pair.worse));
  return json_line(json, request.id);
}

/// Whether the head says by its hash that the pairs are of this log; Error if of another.
bool check_pair_head(std::string_view line, const FeedbackLog& log) {
  const auto json = parse_json(line);
  const JsonObject head(json, "");
  require(head.has("format") && head.text("format") == kPairFormat,
          "this is no file of pairs: its first line must be {{\"format\": \"{}\", \"version\": {}}}",
          kPairFormat, kPairVersion);
  const std::int64_t version = head.integer("version").value_or(0);
  require(version >= 1, "version: must be an integer of at least 1");
  require(version <= kPairVersion, "version {} of {} is newer than this program, which reads up to {}",
          version, kPairFormat, kPairVersion);
  head.only(kPairHeadKeys);
  if (!head.has("log_hash")) return false;
  const std::string own = log_hash(log), theirs = head.text("log_hash");
  require(theirs == own,
          "log_hash: the pairs are of another log{}, whose hash is {}; this log has {}. Make them from this "
          "log with "
          "fit-reward --write-pairs",
          head.has("log") ? " (" + head.text("log") + ")" : "", theirs, own);
  return true;
}

/// Row of a request, checked against its id if that is given, which it must be if the log is not known
/// otherwise.
std::int64_t pair_request(const JsonObject& root, const FeedbackLog& log, Split split, const std::string& key,
                          bool log_known) {
  const auto index = root.integer(key);
  if (!index) root.complain(key, "missing; it must be the number of a request of the log, from 0");
  const auto count = static_cast<std::int64_t>(log.requests.size());
  if (*index < 0 || *index >= count)
    root.complain(key, fmt::format("{} is not in the log, whose requests are 0 to {}", *index, count - 1));
  const LoggedRequest& logged = log.requests[static_cast<std::size_t>(*index)];
  const std::string id_key = key + "_id";
  if (!log_known && !root.has(id_key))
    root.complain(id_key,
                  "missing; without log_hash in the first line every request needs its id, or pairs of "
                  "another log would not be noticed");
  if (root.has(id_key) && root.text(id_key) != logged.request.id)
    root.complain(id_key, fmt::format("request {} of the log is '{}', not '{}'", *index, logged.request.id,
                                      root.text(id_key)));
  if (logged.split != split)
    root.complain(key, fmt::format("request {} belongs to the split {} of the log, not to {}", *index,
                                   split_name(logged.split), split_name(split)));
  return *index;
}

Page pair_page(const JsonObject& root, const PageSchema& schema, const Request& request,
               const std::string& key) {
  const auto sections = root.object(key);
  if (!sections) root.complain(key, "missing; it must be a page: {\"order\": [...], \"sections\": {...}}");
  return with_context(key, [&] {
    Page page = page_from_json(schema, request, *sections);
    const auto violations = page_violations(schema, request, page);
    require(violations.empty(), "the page breaks the schema: {}", violations.empty() ? "" : violations[0]);
    return page;
  });
}

/// Adds the pair of a line, if it is of one of the splits in `sets`; of another it is not looked at further.
void read_pair(std::string_view line, const PageSchema& schema, const FeedbackLog& log,
               std::map<Split, PairSet>& sets, bool log_known) {
  const auto json = parse_json(line);
  const JsonObject root(json, "");
  root.only(kPairKeys);
  const Split split = with_context("split", [&] { return split_from_name(root.required_text("split")); });
  const auto wanted = sets.find(split);
  if (wanted == sets.end()) return;
  PagePair pair;
  pair.family = with_context("family", [&] { return pair_family_from_name(root.required_text("family")); });
  pair.request = pair_request(root, log, split, "request", log_known);
  if (root.has("worse_request")) {
    const std::int64_t other = pair_request(root, log, split, "worse_request", log_known);
    if (other != pair.request) pair.worse_request = other;
  }
  pair.better = pair_page(root, schema, logged_request(log, pair.request), "better");
  pair.worse = pair_page(root, schema, logged_request(log, pair.request_of_worse()), "worse");
  require(pair.worse_request || pair.better != pair.worse, "better and worse are the same page");
  pair.weight = root.number("weight").value_or(1);
  if (!(pair.weight > 0)) root.complain("weight", "must be above 0");
  pair.hard = root.boolean("hard");
  pair.unseen = root.boolean("unseen");
  wanted->second.keep(std::move(pair));
}

}  // namespace

void write_pairs(const std::filesystem::path& path, const PairFileHead& head, const PageSchema& schema,
                 const FeedbackLog& log, const std::map<Split, PairSet>& pairs) {
  write_file_atomically(path, [&](const std::filesystem::path& temporary) {
    std::ofstream file(temporary, std::ios::binary);
    const PairJson json = {{"format", kPairFormat},
                           {"version", kPairVersion},
                           {"log", head.log},
                           {"log_hash", head.log_hash},
                           {"configuration", head.configuration}};
    file << json.dump() << "\n";
    for (const auto& [split, set] : pairs)
      for (const PagePair& pair : set.pairs) file << pair_line(schema, log, split, pair) << "\n";
    file.close();
    require(!file.fail(), "{}: cannot be written; is the disk full?", temporary.string());
  });
}

std::map<Split, PairSet> read_pairs(const std::filesystem::path& path, const PageSchema& schema,
                                    const FeedbackLog& log, const std::vector<Split>& splits) {
  std::map<Split, PairSet> sets;
  for (const Split split : splits) sets[split];
  LineReader reader(path);
  std::string line;
  bool head_read = false, log_known = false;
  while (reader.next(line)) {
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    with_context(fmt::format("{}:{}", path.string(), reader.line_number()), [&] {
      if (!std::exchange(head_read, true))
        log_known = check_pair_head(line, log);
      else
        read_pair(line, schema, log, sets, log_known);
    });
  }
  require(head_read, "{}: is empty; a file of pairs begins with its head", path.string());
  for (auto& [split, set] : sets)
    for (std::size_t family = 0; family < kPairFamilies; ++family)
      if (set.count[family] == 0)
        set.empty_because[family] =
            fmt::format("{} has none of the split {}", path.string(), split_name(split));
  return sets;
}

}  // namespace pagewright
