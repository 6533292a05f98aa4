#include "rollout/baselines/scored_policy.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/page/page_schema.hpp"
#include "rollout/baselines/last_touched.hpp"
#include "rollout/baselines/logged_policy.hpp"
#include "rollout/baselines/popularity.hpp"
#include "rollout/baselines/price_ascending.hpp"
#include "tests/rollout/baselines/shop_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

PageSchema whole_list_schema(int slots) {
  PageSchema schema;
  SectionType list;
  list.name = "list";
  list.max_slots = slots;
  schema.section_types = {list};
  schema.max_candidates = 16;
  return schema;
}

Page page_of(Policy& policy, const Request& request, std::int64_t key = 0) {
  const KeyedRequest keyed{&request, key};
  return policy.generate(std::span(&keyed, 1), {}).at(0).page;
}

Request request_of_items(const std::vector<std::string>& ids) {
  Request request;
  request.id = "r";
  for (const std::string& id : ids) request.candidates.emplace_back().id = id;
  return request;
}

void touch(Request& request, const std::string& id) {
  request.history.emplace_back().item.id = id;
}

}  // namespace

TEST_CASE("a scored policy composes valid full pages and takes the best item that the schema allows") {
  const PageLanguage language = test::shop_language();
  ScoredPolicy policy(language, "by_index", [](const KeyedRequest& request) {
    std::vector<double> scores;
    for (std::size_t i = 0; i < request.request->candidates.size(); ++i)
      scores.push_back(-static_cast<double>(i));
    return scores;
  });
  for (std::uint64_t number = 0; number < 40; ++number) {
    Request request = test::shop_request(number);
    for (Item& item : request.candidates) item.ad = false;
    request.candidates[0].brand = request.candidates[1].brand = request.candidates[2].brand = "same";
    const Page page = page_of(policy, request, static_cast<std::int64_t>(number));
    CHECK(page_violations(language.schema(), request, page).empty());
    // The third item of one brand is not allowed; everything else follows in order, in full sections.
    REQUIRE(page.sections.size() == 2);
    CHECK(page.sections[0].items == std::vector<std::int32_t>{0, 1});
    CHECK(page.sections[1].items == std::vector<std::int32_t>{3, 4, 5, 6});
  }
}

TEST_CASE("price ascending is sorted by price with unknown prices last") {
  const PageLanguage language = test::shop_language(whole_list_schema(4));
  Request request = request_of_items({"a", "b", "c", "d"});
  request.candidates[0].price = 300;
  request.candidates[2].price = 100;
  request.candidates[3].price = 100;
  auto policy = make_price_ascending_policy(language);
  CHECK(page_of(*policy, request).items() == std::vector<std::int32_t>{2, 3, 0, 1});
}

TEST_CASE("popularity counts engagements of training requests alone, and those of revisits once") {
  FeedbackLog log;
  LoggedRequest train, test_split;
  train.request = request_of_items({"a", "b", "c"});
  test_split.request = train.request;
  test_split.split = Split::test;
  log.requests = {train, test_split};
  LoggedPage page;
  page.page = {{{0, {2, 0, 1}}}};
  page.events = {{EventKind::impression, 0, 0, {}, 1},
                 {EventKind::click, 0, 1, {}, 1},
                 {EventKind::purchase, 0, 2, 500, 3},
                 {EventKind::click, 2, 3, {}, 1}};
  log.pages = {page, page, page};
  log.pages[1].request = 1;
  log.pages[2].revisit_of = "first";
  const EngagementCounts counts = count_training_engagements(log);
  CHECK(counts == EngagementCounts{{"c", 2}, {"b", 1}});

  const PageLanguage language = test::shop_language(whole_list_schema(3));
  auto policy = make_popularity_policy(language, counts, 0);
  CHECK(page_of(*policy, train.request).items() == std::vector<std::int32_t>{2, 1, 0});
}

TEST_CASE("ties of popularity do not follow the order of the candidates") {
  const PageLanguage language = test::shop_language(whole_list_schema(8));
  const std::vector<std::string> ids{"a", "b", "c", "d", "e", "f", "g", "h"};
  const Request forward = request_of_items(ids);
  const Request backward = request_of_items({ids.rbegin(), ids.rend()});
  auto policy = make_popularity_policy(language, {}, 0);
  auto other = make_popularity_policy(language, {}, 1);
  const auto names = [](const Request& request, const Page& page) {
    std::vector<std::string> result;
    for (const std::int32_t item : page.items())
      result.push_back(request.candidates[static_cast<std::size_t>(item)].id);
    return result;
  };
  const auto order = names(forward, page_of(*policy, forward));
  CHECK(order == names(backward, page_of(*policy, backward)));
  CHECK(order != ids);
  CHECK(order != names(forward, page_of(*other, forward)));
}

TEST_CASE("the last touched item leads and the others follow as shown") {
  const PageLanguage language = test::shop_language(whole_list_schema(5));
  Request request = request_of_items({"a", "b", "c", "d", "e"});
  const ShownPages shown{{7, {{{0, {3, 1, 4}}}}}};
  auto policy = make_last_touched_policy(language, shown);
  CHECK(page_of(*policy, request, 7).items() == std::vector<std::int32_t>{3, 1, 4, 0, 2});
  CHECK(page_of(*policy, request, 8).items() == std::vector<std::int32_t>{0, 1, 2, 3, 4});
  touch(request, "e");
  touch(request, "c");
  CHECK(page_of(*policy, request, 7).items() == std::vector<std::int32_t>{2, 3, 1, 4, 0});
  touch(request, "somewhere else");
  CHECK(page_of(*policy, request, 7).items() == std::vector<std::int32_t>{3, 1, 4, 0, 2});
}

TEST_CASE("the logged policy gives the page as shown, valid or not") {
  const PageLanguage language = test::shop_language(whole_list_schema(2));
  const Request request = request_of_items({"a", "b", "c", "d"});
  const Page valid{{{0, {3, 1}}}}, too_long{{{0, {0, 1, 2}}}};
  LoggedPolicy policy(language, {{1, valid}, {2, too_long}});
  const std::vector<KeyedRequest> keyed{{&request, 1}, {&request, 2}};
  SampleOptions options;
  options.samples = 2;
  const auto pages = policy.generate(keyed, options);
  REQUIRE(pages.size() == 4);
  CHECK(pages[0].page == valid);
  CHECK(pages[1].sample == 1);
  CHECK(pages[0].invalid_cause.empty());
  CHECK(pages[2].page == too_long);
  CHECK(pages[2].invalid_cause == "slot_range");
  CHECK(language.decode(pages[0].order, pages[0].tokens).page == valid);
  const std::vector<KeyedRequest> unknown{{&request, 3}};
  CHECK(test::message_of([&] { policy.generate(unknown, options); }).find("no page for request 'r'") !=
        std::string::npos);
  CHECK_THROWS_AS(policy.log_probs(keyed, pages), Error);
}

TEST_CASE("a scored policy refuses scores that are missing or no numbers, and has no density") {
  const PageLanguage language = test::shop_language(whole_list_schema(2));
  const Request request = request_of_items({"a", "b"});
  ScoredPolicy short_scores(language, "short", [](const KeyedRequest&) { return std::vector<double>{1}; });
  ScoredPolicy undefined(language, "undefined",
                         [](const KeyedRequest&) { return std::vector<double>{1, std::nan("")}; });
  CHECK(test::message_of([&] { page_of(short_scores, request); }).find("'short'") != std::string::npos);
  CHECK(test::message_of([&] { page_of(undefined, request); }).find("not a number") != std::string::npos);
  CHECK_THROWS_AS(undefined.log_probs({}, {}), Error);
}

TEST_CASE("first-slot scores rank all candidates, beyond the page's slots") {
  const PageLanguage language = test::shop_language(whole_list_schema(2));
  Request request = request_of_items({"a", "b", "c"});
  for (std::size_t i = 0; i < 3; ++i) request.candidates[i].price = static_cast<std::int64_t>(30 - 10 * i);
  auto policy = make_price_ascending_policy(language);
  const KeyedRequest keyed{&request, 0};
  CHECK(policy->first_slot_scores(std::span(&keyed, 1)).at(0) == std::vector<double>{-30, -20, -10});
}

}  // namespace pagewright
