#include "core/data/otto_importer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "core/data/import.hpp"
#include "core/data/log_file.hpp"
#include "core/data/log_summary.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

const std::filesystem::path kOttoSample =
    std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "import" / "otto" / "train_sample.jsonl";

struct ImportedSessions {
  ImportReport report;
  FeedbackLog log;
  std::string suspicions;
  const Request& request(const LoggedPage& page) const {
    return log.requests[static_cast<std::size_t>(page.request)].request;
  }
};

ImportedSessions import_sessions(const std::filesystem::path& file, const OttoOptions& otto = {},
                                 const SplitRule& split = {}) {
  const DataTestFolder folder;
  ImportOptions options;
  options.format = "otto";
  options.otto = otto;
  options.split = split;
  ImportedSessions imported;
  imported.report = import_log({file}, folder.path() / "log", options);
  imported.log = load_log(folder.path() / "log");
  for (const auto& sentence : summarise_log(folder.path() / "log").suspicions)
    imported.suspicions += sentence + "\n";
  return imported;
}

/// All sessions are training sessions, unless a rule is given.
ImportedSessions import_lines(const std::string& lines, const OttoOptions& otto = {},
                              const SplitRule& split = {.kind = SplitRule::Kind::all}) {
  const DataTestFolder folder;
  return import_sessions(write_text_file(folder.path() / "sessions.jsonl", lines), otto, split);
}

std::string otto_event(int item, int seconds, const char* type = "clicks") {
  return R"({"aid":)" + std::to_string(item) + R"(,"ts":)" + std::to_string(seconds * 1000LL + 25) +
         R"(,"type":")" + type + R"("})";
}
std::string otto_line(int session, std::initializer_list<std::string> events) {
  std::string line = R"({"session":)" + std::to_string(session) + R"(,"events":[)";
  for (const auto& event : events) line += (line.back() == '[' ? "" : ",") + event;
  return line + "]}\n";
}
/// So many sessions of five clicks on items of their own.
std::string otto_plain_sessions(int count) {
  std::string lines;
  for (int s = 0; s < count; ++s)
    lines += otto_line(s, {otto_event(10 * s, 1), otto_event(10 * s + 1, 2), otto_event(10 * s + 2, 3),
                           otto_event(10 * s + 3, 4), otto_event(10 * s + 4, 5)});
  return lines;
}

/// Whether a page is what a cut at `cut` makes of the session, but for what is drawn.
bool is_cut_of(const nlohmann::json& events, std::size_t cut, const Request& request, const LoggedPage& page,
               const OttoOptions& options) {
  const auto id = [&](std::size_t i) { return std::to_string(events[i]["aid"].get<std::int64_t>()); };
  const auto time = [&](std::size_t i) { return events[i]["ts"].get<std::int64_t>() / 1000; };
  const std::size_t kept = std::min(cut, static_cast<std::size_t>(options.history));
  if (request.history.size() != kept || page.timestamp != time(cut - 1)) return false;
  for (std::size_t i = 0; i < kept; ++i)
    if (request.history[i].item.id != id(cut - kept + i) ||
        request.history[i].timestamp != time(cut - kept + i))
      return false;
  std::set<std::string> before, after;
  for (std::size_t i = 0; i < cut; ++i) before.insert(id(i));
  std::vector<std::string> fresh;
  for (std::size_t i = cut; i < events.size(); ++i)
    if (!before.contains(id(i)) && after.insert(id(i)).second) fresh.push_back(id(i));
  if (fresh.size() < static_cast<std::size_t>(options.least_later)) return false;
  fresh.resize(std::min(fresh.size(), static_cast<std::size_t>(options.candidates / 2)));
  std::set<std::string> touched;
  for (const Item& item : request.candidates)
    if (before.contains(item.id) || after.contains(item.id)) touched.insert(item.id);
  if (touched != std::set<std::string>(fresh.begin(), fresh.end())) return false;
  std::vector<Event> expected;
  const auto items = page.page.items();
  for (std::size_t i = cut; i < events.size(); ++i)
    for (std::size_t k = 0; k < items.size(); ++k)
      if (request.candidates[static_cast<std::size_t>(items[k])].id == id(i)) {
        const std::string type = events[i]["type"];
        const EventKind kind = type == "clicks"  ? EventKind::click
                               : type == "carts" ? EventKind::cart
                                                 : EventKind::purchase;
        expected.push_back({kind, static_cast<std::int32_t>(k), time(i), std::nullopt, 1});
      }
  return page.events == expected;
}

}  // namespace

TEST_CASE("training pages of sessions are filled from training sessions alone, held-out pages from all") {
  const auto imported = import_lines(otto_plain_sessions(300), {}, SplitRule{});
  std::map<std::string, Split> split_of;  // by session
  for (const LoggedRequest& logged : imported.log.requests) split_of[logged.request.id] = logged.split;
  REQUIRE(split_of.size() == 300);
  int held_out_in_held_out = 0;
  for (const LoggedRequest& logged : imported.log.requests)
    for (const Item& item : logged.request.candidates) {
      const std::string session = std::to_string(std::stoi(item.id) / 10);
      if (session == logged.request.id) continue;
      if (logged.split == Split::train) CHECK(split_of.at(session) == Split::train);
      held_out_in_held_out += logged.split != Split::train && split_of.at(session) != Split::train;
    }
  CHECK(held_out_in_held_out > 0);
  // A training session beside held-out ones alone has nothing to be filled with.
  SplitRule by_time{.kind = SplitRule::Kind::by_time, .valid_from = 50, .test_from = 1000};
  const auto alone = import_lines(otto_line(1, {otto_event(1, 1), otto_event(2, 2)}) +
                                      otto_line(2, {otto_event(3, 100), otto_event(4, 101)}),
                                  {}, by_time);
  CHECK(alone.report.pages == 1);
  CHECK(missing_parts(alone.report.text(), {"sessions.jsonl:1: ", "no other training session has an item"}) ==
        "");
}

TEST_CASE("real sessions become pages whose history, new items and feedback are those of one cut") {
  OttoOptions options;
  options.candidates = 12;
  options.slots = 8;
  const auto imported = import_sessions(kOttoSample, options);
  CHECK(imported.report.rows == 20);
  CHECK(imported.report.unusable == 0);
  REQUIRE(imported.report.pages >= 15);
  std::map<std::string, nlohmann::json> sessions;
  std::ifstream file(kOttoSample);
  for (std::string line; std::getline(file, line);) {
    const auto session = nlohmann::json::parse(line);
    sessions[session["session"].dump()] = session["events"];
  }
  int events = 0;
  for (const LoggedPage& page : imported.log.pages) {
    INFO(page.page_id);
    const Request& request = imported.request(page);
    const auto& session = sessions.at(page.page_id);
    CHECK(request.user == page.page_id);
    CHECK(page.policy_id == "assembled");
    REQUIRE(request.candidates.size() == 12);
    REQUIRE(page.slot_propensities.size() == 8);
    CHECK(page.slot_propensity_kind == PropensityKind::slot_given_prefix);
    for (std::size_t k = 0; k < 8; ++k) CHECK(page.slot_propensities[k] == 1 / (12 - static_cast<double>(k)));
    bool found = false;
    for (std::size_t cut = 1; cut < session.size() && !found; ++cut)
      found = is_cut_of(session, cut, request, page, options);
    CHECK(found);
    for (const Item& item : request.candidates) {
      bool known = false;
      for (const auto& [id, other] : sessions)
        for (const auto& event : other) known = known || event["aid"].dump() == item.id;
      CHECK(known);
    }
    events += static_cast<int>(page.events.size());
  }
  CHECK(events > 0);
  CHECK(missing_parts(imported.suspicions, {"pages were put together by the importer",
                                            "nothing about "
                                            "positions"}) == "");
}

TEST_CASE("what a session touches again after the cut is no candidate and is counted") {
  OttoOptions options;
  options.candidates = 4;
  options.slots = 4;
  const auto imported =
      import_lines(otto_line(7, {otto_event(1, 100), otto_event(2, 200), otto_event(1, 300, "carts"),
                                 otto_event(2, 400, "orders")}) +
                       otto_line(8, {otto_event(3, 1), otto_event(4, 2), otto_event(5, 3)}) +
                       otto_line(9, {otto_event(6, 1), otto_event(6, 2), otto_event(6, 3)}),
                   options);
  CHECK(imported.report.pages == 2);
  const LoggedPage& page = imported.log.pages[0];
  const Request& request = imported.request(page);
  REQUIRE(request.history.size() == 1);
  CHECK(request.history[0].item.id == "1");
  CHECK(request.history[0].kind == ActionKind::click);
  CHECK(page.timestamp == 100);
  std::set<std::string> ids;
  for (const Item& item : request.candidates) ids.insert(item.id);
  CHECK(ids.contains("2"));
  CHECK_FALSE(ids.contains("1"));
  CHECK(ids.size() == 4);
  REQUIRE(page.events.size() == 2);
  CHECK(page.events[0].kind == EventKind::click);
  CHECK(page.events[0].timestamp == 200);
  CHECK(page.events[1].kind == EventKind::purchase);
  CHECK(missing_parts(imported.report.text(), {"1 sessions without enough new items to cut"}) == "");
  CHECK(imported.report.counts.at("actions after the cut on items that are not on the page, left out") >= 1);
}

TEST_CASE("cuts are uniform among those allowed, and so are the slots of what the session goes on to touch") {
  OttoOptions options;
  options.least_later = 2;
  options.candidates = 4;
  options.slots = 4;
  constexpr int kSessions = 1500;
  const auto imported = import_lines(otto_plain_sessions(kSessions), options);
  REQUIRE(imported.log.pages.size() == kSessions);
  std::array<int, 4> cuts{}, slots{}, places{};
  for (const LoggedPage& page : imported.log.pages) {
    const auto& request = imported.request(page);
    REQUIRE(request.history.size() <= 3);
    ++cuts[request.history.size()];
    for (const Event& event : page.events) {
      ++slots[static_cast<std::size_t>(event.slot)];
      ++places[static_cast<std::size_t>(page.page.items()[static_cast<std::size_t>(event.slot)])];
    }
  }
  CHECK(cuts[0] == 0);
  const auto near = [](int count, double total, double share) {
    return std::abs(count - total * share) < 5 * std::sqrt(total * share * (1 - share));
  };
  for (std::size_t cut = 1; cut <= 3; ++cut) CHECK(near(cuts[cut], kSessions, 1. / 3));
  for (const int count : slots) CHECK(near(count, 2 * kSessions, 1. / 4));
  for (const int count : places) CHECK(near(count, 2 * kSessions, 1. / 4));
}

TEST_CASE("the same sessions and seed give the same pages, another seed others") {
  OttoOptions other;
  other.seed = 2;
  const auto log = import_sessions(kOttoSample).log;
  CHECK(import_sessions(kOttoSample).log == log);
  CHECK_FALSE(import_sessions(kOttoSample, other).log == log);
}

TEST_CASE("sessions that cannot be read are counted with file and line") {
  const auto imported =
      import_lines("no JSON\n" + otto_line(1, {otto_event(1, 1), otto_event(2, 2)}) +
                   R"({"session":2})"
                   "\n" +
                   otto_line(3, {otto_event(1, 1), otto_event(2, 2, "views")}) +
                   otto_line(4, {otto_event(3, 5), otto_event(4, 4)}) +
                   R"({"session":5,"events":[{"aid":1,"ts":1}]})"
                   "\n" +
                   otto_line(6, {otto_event(-3, 5)}) + otto_line(7, {otto_event(8, 1), otto_event(9, 2)}));
  CHECK(imported.report.pages == 2);
  CHECK(imported.report.unusable == 6);
  CHECK(missing_parts(imported.report.text(),
                      {"sessions.jsonl:1: ", "sessions.jsonl:3: events: missing",
                       "sessions.jsonl:4: events[1].type: 'views' is none of clicks, carts and orders",
                       "sessions.jsonl:5: events[1].ts: is before the event before it",
                       "sessions.jsonl:6: events[0].type: missing", "and 1 more"}) == "");
}

TEST_CASE("sessions without others to draw from and options that do not fit are errors") {
  const std::string one = otto_line(1, {otto_event(1, 1), otto_event(2, 2)});
  CHECK(missing_from_error([&] { import_lines(one); },
                           {"not one usable row", "no other training session has an item"}) == "");
  OttoOptions options;
  options.slots = 21;
  CHECK(missing_from_error([&] { import_lines(one, options); }, {"--session-slots: must be from 1 to"}) ==
        "");
  options = {};
  options.history = 0;
  CHECK(missing_from_error([&] { import_lines(one, options); }, {"--session-history: must be"}) == "");
}

}  // namespace pagewright
