#include "core/data/log_summary.hpp"

#include <fmt/format.h>

#include "tests/core/data/data_support.hpp"
#include "tests/core/data/log_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

LogSummary summary_of(const FeedbackLog& log) {
  const DataTestFolder folder;
  write_log(folder.path() / "log", log, {"a test", "made up"});
  return summarise_log(folder.path() / "log");
}

/// Whether some suspicion holds all the parts.
bool suspects(const LogSummary& summary, std::initializer_list<std::string> parts) {
  for (const auto& sentence : summary.suspicions)
    if (missing_parts(sentence, parts).empty()) return true;
  return false;
}

/// A log of `pages` pages of three slots out of four candidates, the third candidate first, that gives no
/// cause for suspicion.
FeedbackLog sound_log(int pages) {
  FeedbackLog log;
  for (int i = 0; i < pages; ++i) {
    LoggedRequest logged;
    logged.request.id = fmt::format("r{}", i);
    logged.request.user = fmt::format("u{}", i % 60);
    logged.request.timestamp = 1000 * (i + 1);
    for (int c = 0; c < 4; ++c) {
      Item item;
      item.id = fmt::format("i{}", (i + c) % 97);
      item.price = 100 + c;
      item.currency = "EUR";
      logged.request.candidates.push_back(item);
    }
    log.requests.push_back(logged);
    LoggedPage page;
    page.page_id = fmt::format("p{}", i);
    page.request = i;
    page.timestamp = logged.request.timestamp;
    page.page.sections = {{0, {2, 0, 3}}};
    page.section_names = {"list"};
    page.page_propensity = .05;
    page.events = {{EventKind::click, 1, page.timestamp + 5, std::nullopt, 1}};
    log.pages.push_back(page);
  }
  return log;
}

TEST_CASE("a summary counts what a small log holds") {
  const auto summary = summary_of(version_1_log());
  CHECK(summary.parts == 1);
  CHECK(summary.requests == 2);
  CHECK(summary.users == 2);
  CHECK(summary.pages == 2);
  CHECK(summary.revisits == 1);
  CHECK(summary.pages_with_feedback == 1);
  CHECK(summary.requests_shown_again == 0);
  CHECK(summary.requests_of_split == std::array<std::int64_t, 3>{1, 0, 1});
  CHECK(summary.events == std::array<std::int64_t, kEventKinds>{1, 1, 1, 1});
  CHECK(summary.policies == std::map<std::string, std::int64_t>{{"", 1}, {"ranker-3", 1}});
  CHECK(summary.section_order == std::vector<std::string>{"carousel", "grid"});
  const auto& carousel = summary.sections.at("carousel");
  CHECK(carousel.pages == 1);
  CHECK(carousel.rates.shown == 2);
  CHECK(carousel.rates.clicked == 1);
  CHECK(carousel.rates.purchased == 1);
  CHECK(carousel.rates.revenue == 14900);
  const auto& grid = summary.sections.at("grid");
  CHECK(grid.pages == 2);
  CHECK(grid.min_slots == 1);
  CHECK(grid.max_slots == 2);
  CHECK(grid.min_places == 0);
  CHECK(grid.max_places == 1);
  REQUIRE(summary.slots.size() == 3);
  CHECK(summary.slots[0].shown == 2);
  CHECK(summary.slots[0].clicked == 1);
  CHECK(summary.slots[2].shown == 1);
  CHECK(summary.candidates == 6);
  CHECK(summary.candidates_without_price == 2);
  CHECK(summary.ads == 1);
  CHECK(summary.prices.at("EUR").min == 590);
  CHECK(summary.prices.at("EUR").max == 7450);
  CHECK(summary.propensities[1].count == 1);
  CHECK(summary.propensities[1].min == .0125);
  CHECK(summary.propensities[2].count == 3);
  CHECK(summary.propensities[2].min == .1);
  CHECK(summary.distinct.at("brand") == 1);
  CHECK(summary.context.at("device") == 1);
  CHECK(summary.features.at("score").count == 3);
  CHECK(summary.timed_history_actions == 2);
  CHECK(summary.first_time == 1700000001);
  CHECK(summary.last_time == 1700003601);
  const auto text = summary.text();
  CHECK(missing_parts(text, {"source: a test", "2023-11-14 22:13:21", "carousel", "grid          2  1 to 2",
                             "ranker-3", "slot propensity given prefix", "1 of 6 candidates are ads"}) == "");
}

TEST_CASE("a sound log raises no suspicion, and a request shown twice is counted") {
  auto log = sound_log(200);
  CHECK(summary_of(log).suspicions == std::vector<std::string>{});
  CHECK(missing_parts(summary_of(log).text(), {"Nothing looks wrong."}) == "");
  log.pages[7].request = 6;
  CHECK(summary_of(log).requests_shown_again == 1);
}

TEST_CASE("candidates in the order shown, and pages that show all candidates, are suspicious") {
  auto log = sound_log(200);
  for (auto& page : log.pages) page.page.sections[0].items = {0, 1, 2, 3};
  const auto summary = summary_of(log);
  CHECK(suspects(summary, {"200 of 200 (100.0 %)", "gives the logged rank away"}));
  CHECK(suspects(summary, {"every candidate was shown"}));
}

TEST_CASE(
    "a list shown twice is suspicious unless it is marked as a revisit, and so is history with its "
    "feedback") {
  auto log = sound_log(200);
  for (std::size_t i = 0; i < 200; i += 10) {  // the next page repeats this one for the same user
    log.requests[i + 1].request.candidates = log.requests[i].request.candidates;
    log.requests[i + 1].request.user = log.requests[i].request.user;
    if (i % 20 == 0)
      log.requests[i + 1].request.history = {{ActionKind::click, 0, log.requests[i].request.candidates[0]}};
  }
  CHECK(suspects(summary_of(log), {"20 of 200", "on 10 of them the history holds feedback", "revisit_of"}));
  auto marked = log;
  for (std::size_t i = 0; i < 200; i += 10) marked.pages[i + 1].revisit_of = marked.pages[i].page_id;
  const auto summary = summary_of(marked);
  CHECK(summary.suspicions == std::vector<std::string>{});
  CHECK(summary.revisits == 20);
  auto other_session = log;
  for (std::size_t i = 0; i < 200; ++i)
    other_session.requests[i].request.context["session"] = fmt::format("s{}", i);
  CHECK(summary_of(other_session).suspicions == std::vector<std::string>{});
  marked.pages[1].revisit_of = "nowhere";
  CHECK(suspects(summary_of(marked), {"1 revisits name a page that does not come before them"}));
}

TEST_CASE("history younger than the page and events older than it are suspicious") {
  auto log = sound_log(200);
  log.requests[3].request.history = {
      {ActionKind::click, log.pages[3].timestamp + 1, log.requests[3].request.candidates[0]}};
  log.pages[4].events[0].timestamp = log.pages[4].timestamp - 1;
  const auto summary = summary_of(log);
  CHECK(suspects(summary, {"1 of 200", "younger than the page"}));
  CHECK(suspects(summary, {"1 of 200", "events older than the page"}));
}

TEST_CASE("missing propensities, tiny ones, purchases without price, currencies and few users are named") {
  auto log = sound_log(40);
  for (auto& page : log.pages) page.page_propensity.reset();
  log.pages[0].events[0].kind = EventKind::purchase;
  log.requests[0].request.candidates[0].currency = "SEK";
  auto summary = summary_of(log);
  CHECK(suspects(summary, {"no page has propensities"}));
  CHECK(suspects(summary, {"1 purchases have no price"}));
  CHECK(suspects(summary, {"2 currencies"}));
  CHECK(suspects(summary, {"only 40 users"}));
  log.pages[5].slot_propensities = {.5, 1e-5, .5};
  log.pages[5].slot_propensity_kind = PropensityKind::slot_marginal;
  summary = summary_of(log);
  CHECK_FALSE(suspects(summary, {"no page has propensities"}));
  CHECK(suspects(summary, {"smallest slot propensity is 1.0e-05"}));
  for (auto& page : log.pages) page.events.clear();
  CHECK(suspects(summary_of(log), {"not one page has feedback"}));
}

TEST_CASE("a night without pages is a gap, a steady trickle is none") {
  auto log = sound_log(400);
  CHECK(summary_of(log).gaps.empty());
  for (std::size_t i = 300; i < 400; ++i) log.pages[i].timestamp += 200000;
  const auto summary = summary_of(log);
  REQUIRE(summary.gaps.size() == 1);
  CHECK(summary.gaps[0].from == 300000);
  CHECK(summary.gaps[0].to == 501000);
}

}  // namespace
}  // namespace pagewright
