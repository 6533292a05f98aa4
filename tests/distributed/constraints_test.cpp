#include "distributed/pipeline/constraints.hpp"

#include <algorithm>

#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using shop_test::ShopRun;

const ConstraintConfig kAtMostA{"brand_a", true, 0.2, 3, 0.1, 5};

PpoConfig constrained_shop(const ConstraintConfig& constraint) {
  PpoConfig config = shop_test::shop_config();
  config.constraints = {constraint};
  return config;
}

/// One page of three slots of which the second counts, and one that is invalid.
Experience two_pages() {
  Experience pages;
  LearningRequest& request = pages.requests.emplace_back();
  LearningPage& valid = request.pages.emplace_back();
  valid.score.slot_rewards = {1, 2, 3};
  valid.score.page_reward = 4;
  valid.score.terms = {{"brand_a", 0, 0, {0, 0.25F, 0}, {}, {}}};
  LearningPage& invalid = request.pages.emplace_back();
  invalid.score.slot_rewards = {0};
  invalid.score.invalid_cause = "too few";
  return pages;
}

TEST_CASE("a page pays its violation: each slot its part, and the page the rest") {
  ConstraintConfig config{"brand_a", true, 0.5, 1, 2, 5};
  for (const bool at_most : {true, false}) {
    config.at_most = at_most;
    const float sign = at_most ? 1 : -1;
    Experience pages = two_pages();
    Constraints({config}).price(pages);
    const Score& score = pages.requests[0].pages[0].score;
    CHECK(score.slot_rewards == std::vector<float>{1, 2 - sign * 0.5F, 3});
    CHECK(score.page_reward == 4 + sign * 1.0F);
    CHECK(pages.requests[0].pages[1].score.page_reward == 0);
    CHECK(pages.requests[0].pages[1].score.slot_rewards == std::vector<float>{0});
  }
  Experience pages = two_pages();
  config.term = "another";
  CHECK(test::contains(test::error_text([&] { Constraints({config}).price(pages); }), "'another'"));
}

TEST_CASE("means are over valid pages, and without any the multiplier stays") {
  Constraints constraints({{"brand_a", true, 0.25, 2, 1, 5}});
  Metrics metrics{{"term.brand_a", 0.3}, {"valid", 0.5}};
  constraints.report(metrics);
  CHECK(metrics.at("term.brand_a.violation") == Approx(0.35));
  CHECK(metrics.at("term.brand_a.multiplier") == 1);
  constraints.update(metrics);
  CHECK(constraints.multipliers().at("brand_a") == Approx(1.7));
  constraints.update({{"valid", 0}});
  CHECK(constraints.multipliers().at("brand_a") == Approx(1.7));
  CHECK_THROWS_AS(constraints.restore({}), Error);
  CHECK_THROWS_AS(constraints.restore({{"other", 1}}), Error);
}

TEST_CASE("the multiplier of a run follows its violations, and the share falls to its limit") {
  PpoConfig config = constrained_shop({"brand_a", true, 0.1, 8, 0, 20});
  config.iterations = 30;
  ShopRun shop(config, 1, 1e-2);
  const auto reports = shop.run();
  double expected = 0;
  for (const IterationReport& report : reports) {
    CHECK(report.metrics.at("term.brand_a.multiplier") == Approx(expected));
    CHECK(report.metrics.at("term.brand_a.violation") == Approx(report.metrics.at("term.brand_a") - 0.1));
    expected = std::clamp(expected + 8 * report.metrics.at("term.brand_a.violation"), 0.0, 20.0);
  }
  PpoConfig free = config;
  free.constraints.clear();
  ShopRun unbound(free, 1, 1e-2);
  const auto without = unbound.run();
  CHECK_FALSE(without.back().metrics.contains("term.brand_a.multiplier"));
  // Brand a is what is rewarded: free it rises, and bound it stays low.
  CHECK(without.back().metrics.at("term.brand_a") > without.front().metrics.at("term.brand_a") + 0.1);
  CHECK(reports.back().metrics.at("term.brand_a") < without.back().metrics.at("term.brand_a") - 0.2);
}

TEST_CASE("a run with a constraint goes on from its checkpoint bit for bit") {
  ShopRun whole(constrained_shop(kAtMostA), 2);
  const auto expected = whole.run();
  ShopRun begun(constrained_shop(kAtMostA), 1);
  begun.run(2);
  const Checkpoint saved = to_checkpoint(begun.trainers(), begun.pipeline().state(), {});
  CHECK(saved.numbers.at("multiplier.brand_a") == expected[2].metrics.at("term.brand_a.multiplier"));
  ShopRun resumed(constrained_shop(kAtMostA), 1);
  resumed.pipeline().restore(from_checkpoint(resumed.trainers(), saved));
  const auto rest = resumed.run();
  REQUIRE(rest.size() + 2 == expected.size());
  for (std::size_t i = 0; i < rest.size(); ++i) CHECK(rest[i].metrics == expected[i + 2].metrics);
  CHECK(resumed.parameters().parameters_sha256() == whole.parameters().parameters_sha256());
}

}  // namespace
}  // namespace pagewright
