#include "core/data/bot_rules.hpp"

#include <fmt/format.h>

#include "core/data/import.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

using Session = std::vector<LoggedPage>;

LoggedPage bot_page(const std::string& id, std::int64_t time, const std::vector<std::int32_t>& clicks = {},
                    std::int64_t seconds_between = 20) {
  LoggedPage page;
  page.page_id = id;
  page.timestamp = time;
  page.page.sections = {{0, {0, 1, 2, 3, 4, 5}}};
  std::int64_t at = time;
  for (const std::int32_t slot : clicks) {
    at += seconds_between;
    page.events.push_back({EventKind::click, slot, at, std::nullopt, 1});
  }
  return page;
}

/// A page every `step` seconds.
Session steady(const std::string& name, int pages, std::int64_t step,
               const std::vector<std::int32_t>& clicks = {}) {
  Session session;
  for (int n = 0; n < pages; ++n)
    session.push_back(bot_page(fmt::format("{}-{}", name, n), 1000000 + n * step, clicks));
  return session;
}

BotFindings watch(const Session& pages, const BotRules& rules = {}, const std::string& user = "u") {
  BotWatch watching(rules);
  Request request;
  request.user = user;
  request.id = "r";
  for (const LoggedPage& page : pages) watching.see(request, page);
  return watching.findings();
}

using Counts = std::array<std::int64_t, kBotRules>;

TEST_CASE("more pages or clicks than allowed within any hour make a session a bot's") {
  // 121 pages within an hour need a step below 30 s.
  CHECK(watch(steady("a", 300, 30)).sessions == Counts{0, 0, 0, 0});
  const BotFindings fast = watch(steady("a", 300, 29));
  CHECK(fast.sessions == Counts{1, 0, 0, 0});
  CHECK(fast.pages.size() == 300);
  CHECK(fast.pages.contains(bot_page_key("a-17")));
  // Four clicks a page, 75 pages an hour: 300 clicks.
  CHECK(watch(steady("a", 200, 48, {0, 1, 2, 3})).sessions == Counts{0, 0, 0, 0});
  CHECK(watch(steady("a", 200, 47, {0, 1, 2, 3})).sessions == Counts{0, 1, 0, 0});
  BotRules off;
  off.pages_per_hour = off.clicks_per_hour = 0;
  CHECK(watch(steady("a", 3000, 1, {0}), off).bot_sessions == 0);
}

TEST_CASE("pages out of order are put in order, and revisits are no further pages") {
  Session pages = steady("a", 121, 29);
  std::swap(pages[3], pages[80]);
  CHECK(watch(pages).bot_sessions == 1);
  pages[7].revisit_of = "a-6";
  CHECK(watch(pages).bot_sessions == 0);
}

TEST_CASE("some pages with a click on every slot make a session a bot's, short pages do not count") {
  const std::vector<std::int32_t> all{0, 1, 2, 3, 4, 5};
  CHECK(watch(steady("a", 2, 600, all)).bot_sessions == 0);
  CHECK(watch(steady("a", 3, 600, all)).sessions == Counts{0, 0, 1, 0});
  CHECK(watch(steady("a", 3, 600, {0, 1, 2, 3, 4, 4})).bot_sessions == 0);
  Session brief = steady("a", 5, 600, {0, 1, 2});
  for (LoggedPage& page : brief) page.page.sections = {{0, {0, 1, 2}}};
  CHECK(watch(brief).bot_sessions == 0);
}

TEST_CASE("many slots of a page clicked within a second make a session a bot's, if clicks have times") {
  const auto one = [](const std::vector<std::int32_t>& slots, std::int64_t between) {
    return watch({bot_page("a", 5000, slots, between)}).sessions;
  };
  BotRules rules;
  CHECK(one({0, 1, 2, 3, 4}, 1) == Counts{0, 0, 0, 0});
  Session burst{bot_page("a", 5000, {0, 1, 2, 3, 4})};
  for (std::size_t e = 0; e < 5; ++e) burst[0].events[e].timestamp = 5010 + static_cast<std::int64_t>(e % 2);
  CHECK(watch(burst).sessions == Counts{0, 0, 0, 1});
  for (Event& event : burst[0].events) event.slot = 2;  // one slot, five times
  CHECK(watch(burst).bot_sessions == 0);
  CHECK(one({0, 1, 2, 3, 4}, 0) == Counts{0, 0, 0, 0});  // at the page's own time: not known
  burst[0] = bot_page("a", 5000, {0, 1, 2, 3, 4});
  for (Event& event : burst[0].events) event.timestamp = 0;
  CHECK(watch(burst).bot_sessions == 0);
}

TEST_CASE("a session ends with a gap of half an hour, and only the session that is a bot's is left out") {
  Session pages = steady("human", 5, 300);
  for (LoggedPage page : steady("bot", 130, 20)) {
    page.timestamp += 100000;
    pages.push_back(page);
  }
  const BotFindings found = watch(pages);
  CHECK(found.all_sessions == 2);
  CHECK(found.bot_sessions == 1);
  CHECK(found.pages.size() == 130);
  CHECK_FALSE(found.pages.contains(bot_page_key("human-0")));
}

TEST_CASE("without a user the session of the context counts, and without that every request by itself") {
  BotWatch watching{BotRules{}};
  for (const LoggedPage& page : steady("a", 130, 20)) {
    Request request;
    request.id = page.page_id;
    watching.see(request, page);
    request.context["session"] = "s";
    LoggedPage other = page;
    other.page_id += "-s";
    watching.see(request, other);
  }
  const BotFindings found = watching.findings();
  CHECK(found.all_sessions == 131);
  CHECK(found.bot_sessions == 1);
  CHECK(found.pages.size() == 130);
}

std::string bot_row(const std::string& user, int number, std::int64_t time) {
  return fmt::format(
      R"({{"page_id":"{0}-{1}","request_id":"{0}-{1}","user":"{0}","timestamp":{2},"candidates":[{{"id":"a"}},{{"id":"b"}}],)"
      R"("order":["s1"],"sections":{{"s1":{{"type":"list","items":["b"]}}}},"events":[{{"action_name":"click","slot":0}}]}})"
      "\n",
      user, number, time);
}

TEST_CASE("an import leaves out the pages of bots, counts them and stores the counts with the log") {
  const DataTestFolder folder;
  std::string text;
  for (int n = 0; n < 150; ++n) {
    text += bot_row("crawler", n, 1000000 + 10 * n);
    if (n % 10 == 0) text += bot_row("reader", n, 1000000 + 10 * n);
  }
  text += "no JSON\n";
  const auto file = write_text_file(folder.path() / "log.jsonl", text);
  ImportOptions options;
  const ImportReport all = import_log({file}, folder.path() / "all", options);
  CHECK(all.pages == 165);
  options.bots = BotRules{};
  const ImportReport report = import_log({file}, folder.path() / "log", options);
  CHECK(report.rows == 166);
  CHECK(report.unusable == 1);
  CHECK(report.pages == 15);
  CHECK(report.counts ==
        std::map<std::string, std::int64_t>{{"pages of bot-like sessions left out", 150},
                                            {"bot-like sessions: more than 120 pages an hour", 1}});
  LogReader reader(folder.path() / "log");
  FeedbackLog log;
  REQUIRE(reader.next(log));
  CHECK(reader.origin().source == "jsonl: log.jsonl; bots dropped: 150 pages of 1 of 2 sessions");
  CHECK(log.requests.size() == 15);
  for (const LoggedRequest& logged : log.requests) CHECK(logged.request.user == "reader");
  for (std::size_t p = 0; p < log.pages.size(); ++p)
    CHECK(log.pages[p].request == static_cast<std::int64_t>(p));
  // With rules that find nothing the log is the one of an import without them.
  options.bots->pages_per_hour = 0;
  import_log({file}, folder.path() / "kept", options);
  CHECK(load_log(folder.path() / "kept") == load_log(folder.path() / "all"));
}

TEST_CASE("bots are left out of tables too") {
  const DataTestFolder folder;
  std::string rows = "page,user,item,time,click\n";
  for (int n = 0; n < 150; ++n) {
    rows += fmt::format("c{0},crawler,i{1},{2},0\nc{0},crawler,j{1},{2},1\n", n, n % 7, 1000000 + n);
    if (n < 4) rows += fmt::format("h{0},human,i1,{1},1\nh{0},human,i2,{1},0\n", n, 1000000 + n);
  }
  const auto file = write_text_file(folder.path() / "rows.csv", rows);
  ImportOptions options;
  options.format = "table";
  options.map = write_text_file(folder.path() / "map.yaml",
                                "{page: [page], user: user, item: item, timestamp: time, click: click}\n");
  options.bots = BotRules{};
  const ImportReport report = import_log({file}, folder.path() / "log", options);
  CHECK(report.pages == 4);
  CHECK(report.counts.at("pages of bot-like sessions left out") == 150);
  CHECK(load_log(folder.path() / "log").requests.size() == 4);
}

TEST_CASE("where all sessions look like bots', the import says so and writes nothing") {
  const DataTestFolder folder;
  std::string text;
  for (int n = 0; n < 150; ++n) text += bot_row("crawler", n, 1000000 + 10 * n);
  const auto file = write_text_file(folder.path() / "log.jsonl", text);
  ImportOptions options;
  options.bots = BotRules{};
  CHECK(missing_from_error([&] { import_log({file}, folder.path() / "log", options); },
                           {"not one usable row", "150 pages of bot-like sessions left out"}) == "");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "log"));
}

}  // namespace
}  // namespace pagewright
