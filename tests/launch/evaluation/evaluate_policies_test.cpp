#include "launch/evaluation/evaluate_policies.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "rollout/baselines/logged_policy.hpp"
#include "rollout/baselines/price_ascending.hpp"
#include "rollout/baselines/random_policy.hpp"
#include "tests/launch/evaluation/evaluation_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

ShownPages pages_of(std::span<const EvaluationCase> cases) {
  ShownPages shown;
  for (const EvaluationCase& test : cases) shown[test.key] = test.shown->page;
  return shown;
}

}  // namespace

TEST_CASE("the logged page has the reciprocal rank of the slot that was clicked") {
  const PageLanguage language = test::list_language();
  const FeedbackLog log = test::list_log(40);
  const auto cases = evaluation_cases(log, Split::test);
  LoggedPolicy logged(language, pages_of(cases));
  const NamedPolicy named{"logged", &logged};
  EvaluationOptions options;
  options.batch = 7;
  std::vector<std::int64_t> progress;
  options.progress = [&](std::int64_t done, std::int64_t total) {
    progress.push_back(done);
    CHECK(total == 40);
  };
  const auto results = evaluate_policies(std::span(&named, 1), cases, language.schema(), options);
  REQUIRE(results.size() == 1);
  REQUIRE(results[0].pages.size() == 40);
  CHECK(progress == std::vector<std::int64_t>{7, 14, 21, 28, 35, 40});
  CHECK(results[0].first_slot.empty());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const EvaluatedPage& page = results[0].pages[i];
    CHECK(page.key == cases[i].key);
    CHECK(page.page == cases[i].shown->page);
    CHECK(page.metrics.validity == 1);
    CHECK(std::isnan(page.metrics.true_gmv));
    CHECK(std::isnan(page.metrics.brand_diversity));
    if (cases[i].shown->events.empty()) {
      CHECK(std::isnan(page.metrics.reciprocal_rank));
      CHECK(std::isnan(page.metrics.ndcg));
      continue;
    }
    const double rank = cases[i].shown->events[0].slot + 1;
    CHECK(page.metrics.reciprocal_rank == Approx(1 / rank));
    CHECK(page.metrics.ndcg == Approx(1 / std::log2(rank + 1)));
    CHECK(page.metrics.hit == 1);
    CHECK(page.metrics.recall == 1);
  }
}

TEST_CASE("several policies see the same cases, and the truth sees the page that was made") {
  const PageLanguage language = test::list_language();
  const FeedbackLog log = test::list_log(30);
  const auto cases = evaluation_cases(log, Split::test);
  RandomPolicy random(language);
  auto price = make_price_ascending_policy(language);
  const std::vector<NamedPolicy> policies{{"random", &random}, {"price_ascending", price.get()}};
  EvaluationOptions options;
  options.truth = [](const Request& request, const Page& page) {
    const std::vector<std::int32_t> items = page.items();
    const double first = static_cast<double>(*request.candidates[static_cast<std::size_t>(items[0])].price);
    return TrueValues{-first, static_cast<double>(items.size()), first};
  };
  const auto results = evaluate_policies(policies, cases, language.schema(), options);
  REQUIRE(results.size() == 2);
  CHECK(results[1].first_slot.size() == cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const PageMetrics& cheap = results[1].pages[i].metrics;
    CHECK(cheap.true_ctr == 10);
    CHECK(cheap.true_gmv <= results[0].pages[i].metrics.true_gmv);
    // Without constraints and with room for all, the page is the ranking.
    if (!cases[i].shown->events.empty())
      CHECK(results[1].first_slot[i].reciprocal_rank == cheap.reciprocal_rank);
    CHECK(std::isnan(results[1].first_slot[i].validity));
  }
}

TEST_CASE("a ranking counts a repeated item once and an item that is missing not at all") {
  Engagement engagement;
  engagement.grades = {0, 2, 1, 0};
  engagement.engaged = 2;
  engagement.target = 2;
  PageMetrics metrics;
  const std::vector<std::int32_t> repeated{1, 1, 0};
  measure_ranking(metrics, repeated, engagement, {});
  CHECK(metrics.ndcg == Approx(2 / (2 + 1 / std::log2(3.0))));
  CHECK(metrics.recall == 0.5);
  CHECK(metrics.hit == 1);
  CHECK(metrics.reciprocal_rank == 0);
}

TEST_CASE("invalid pages are kept with their causes") {
  const PageLanguage language = test::list_language();
  const FeedbackLog log = test::list_log(1);
  const auto cases = evaluation_cases(log, Split::test);
  Trajectory twice;
  twice.page = {{{0, {3, 3}}}};
  EvaluatedPage page = measure_page(language.schema(), cases[0], twice, {});
  CHECK(page.violations == std::vector<std::string>{"duplicate_item"});
  CHECK(page.metrics.validity == 0);
  CHECK(page.metrics.duplicates == 0.5);
  Trajectory cut;
  cut.page = {{{0, {3}}}};
  cut.invalid_cause = "truncated";
  page = measure_page(language.schema(), cases[0], cut, {});
  CHECK(page.violations == std::vector<std::string>{"truncated"});
}

TEST_CASE("evaluation refuses two policies of one name") {
  const PageLanguage language = test::list_language();
  const FeedbackLog log = test::list_log(2);
  const auto cases = evaluation_cases(log, Split::test);
  RandomPolicy random(language);
  const std::vector<NamedPolicy> same{{"random", &random}, {"random", &random}}, none{{"none", nullptr}};
  CHECK_THROWS_AS(evaluate_policies(same, cases, language.schema(), {}), Error);
  CHECK_THROWS_AS(evaluate_policies(none, cases, language.schema(), {}), Error);
}

}  // namespace pagewright
