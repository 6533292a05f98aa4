#include "launch/evaluation/evaluation_case.hpp"

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

Request request_with(const std::string& id, int candidates) {
  Request request;
  request.id = id;
  request.user = "user of " + id;
  for (int i = 0; i < candidates; ++i) request.candidates.emplace_back().id = "i" + std::to_string(i);
  return request;
}

LoggedPage shown_page(std::int64_t request, const std::string& id, std::vector<std::int32_t> items) {
  LoggedPage page;
  page.page_id = id;
  page.request = request;
  page.page = {{{0, std::move(items)}}};
  return page;
}

}  // namespace

TEST_CASE("evaluation cases are the requests of a split with the first page shown") {
  FeedbackLog log;
  log.requests = {{request_with("a", 3), Split::train},
                  {request_with("b", 3), Split::test},
                  {request_with("c", 3), Split::test},
                  {request_with("never shown", 3), Split::test},
                  {request_with("d", 3), Split::test}};
  log.pages = {shown_page(0, "p0", {0}), shown_page(2, "p1", {1}), shown_page(1, "p2", {2}),
               shown_page(1, "p3", {0}), shown_page(4, "p4", {0})};
  log.pages[4].revisit_of = "p2";
  const auto cases = evaluation_cases(log, Split::test);
  REQUIRE(cases.size() == 3);
  CHECK(cases[0].request == &log.requests[1].request);
  CHECK(cases[0].shown == &log.pages[2]);
  CHECK(cases[0].key == 1);
  CHECK(cases[1].shown->page_id == "p1");
  CHECK_FALSE(cases[1].same_list());
  CHECK(cases[2].same_list());
  CHECK(evaluation_cases(log, Split::test, 2).size() == 2);
  CHECK_THROWS_AS(evaluation_cases(log, Split::valid), Error);
}

TEST_CASE("engagement grades the strongest event and targets the earliest purchase") {
  const Request request = request_with("a", 5);
  LoggedPage page = shown_page(0, "p", {4, 2, 0, 1});
  const EvaluationCase test{&request, 0, &page};
  page.events = {{EventKind::impression, 0, 1, {}, 1},
                 {EventKind::click, 1, 20, {}, 1},
                 {EventKind::click, 0, 10, {}, 1}};
  SECTION("without a purchase the earliest engagement is the target") {
    const Engagement engagement = engagement_of(test, {});
    CHECK(engagement.grades == std::vector<double>{0, 0, 1, 0, 1});
    CHECK(engagement.engaged == 2);
    CHECK(engagement.target == 4);
  }
  SECTION("a purchase comes before an earlier click, and the earliest purchase before a later one") {
    page.events.push_back({EventKind::purchase, 2, 40, 100, 1});
    page.events.push_back({EventKind::purchase, 1, 30, 100, 1});
    page.events.push_back({EventKind::cart, 3, 5, {}, 1});
    const Engagement engagement = engagement_of(test, {});
    CHECK(engagement.grades == std::vector<double>{3, 2, 3, 0, 1});
    CHECK(engagement.target == 2);
  }
  SECTION("equal times keep the order of the log") {
    page.events[2].timestamp = 20;
    CHECK(engagement_of(test, {}).target == 2);
  }
  SECTION("no event means no target") {
    page.events.resize(1);
    CHECK(engagement_of(test, {}).target == -1);
    CHECK(engagement_of(test, {}).engaged == 0);
  }
  SECTION("an event beside the page is refused") {
    page.events[1].slot = 4;
    CHECK_THROWS_AS(engagement_of(test, {}), Error);
  }
}

}  // namespace pagewright
