#include <cmath>

#include "core/base/error.hpp"
#include "rewards/feedback/near_duplicate.hpp"
#include "rewards/simulator/feedback_draw.hpp"
#include "rewards/simulator/request_source.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

struct Sums {
  double clicks = 0, revenue = 0, gain = 0;
};

/// Adds up every outcome of every slot (not looked at, looked at, clicked, bought) with its probability.
void enumerate_outcomes(const PageTruth& truth, const GainWeights& weights, std::size_t k, double chance,
                        Sums so_far, Sums& expectation, double& total) {
  if (k == truth.slots.size()) {
    total += chance;
    expectation.clicks += chance * so_far.clicks;
    expectation.revenue += chance * so_far.revenue;
    expectation.gain += chance * so_far.gain;
    return;
  }
  const SlotTruth& slot = truth.slots[k];
  const double e = slot.examination, a = slot.attractiveness, b = slot.purchase_given_click;
  const auto go = [&](double p, double clicks, double bought) {
    Sums next = so_far;
    next.clicks += clicks;
    next.revenue += bought * slot.price;
    next.gain += clicks * weights.click + bought * weights.purchase * slot.price / weights.price_ref;
    enumerate_outcomes(truth, weights, k + 1, chance * p, next, expectation, total);
  };
  go(1 - e, 0, 0);
  go(e * (1 - a), 0, 0);
  go(e * a * (1 - b), 1, 0);
  go(e * a * b, 1, 1);
}

}  // namespace

TEST_CASE("expectations of a page equal the sum over all outcomes") {
  SimulatorConfig config;
  config.pages = 30;
  config.test_requests = 10;
  const World world(config, test::carousel_and_grid(2), 3);
  const GainWeights weights{1, 5, 1, 3500};
  for (std::int64_t index = 0; index < 10; ++index) {
    const Request request = make_request(world, index);
    const PageTruth truth = world.truth(request, test::uniform_page(world, request, 7));
    REQUIRE(truth.slots.size() == 4);
    Sums expectation;
    double total = 0;
    enumerate_outcomes(truth, weights, 0, 1.0, {}, expectation, total);
    CHECK(total == Approx(1).epsilon(1e-12));
    CHECK(truth.ctr() * 4 == Approx(expectation.clicks).epsilon(1e-12));
    CHECK(truth.gmv() == Approx(expectation.revenue).epsilon(1e-12));
    CHECK(truth.utility(weights) == Approx(expectation.gain).epsilon(1e-12));
  }
}

TEST_CASE("drawn feedback has the click and purchase rates that the truth says") {
  const World world = test::small_world(4);
  const Request request = make_request(world, 11);
  const PageTruth truth = world.truth(request, test::uniform_page(world, request, 1));
  constexpr int kDraws = 60000;
  std::vector<double> clicks(truth.slots.size()), purchases(truth.slots.size());
  for (int draw = 0; draw < kDraws; ++draw) {
    const CounterRandom random(1, RandomStream::feedback, 9, static_cast<std::uint64_t>(draw));
    for (const Event& event : draw_feedback(truth, world.config().clicks, 100, random)) {
      const auto slot = static_cast<std::size_t>(event.slot);
      (event.kind == EventKind::click ? clicks : purchases)[slot] += 1;
      if (event.kind == EventKind::purchase) REQUIRE(event.price == std::llround(truth.slots[slot].price));
    }
  }
  for (std::size_t k = 0; k < truth.slots.size(); ++k) {
    const auto within = [&](double count, double p) {
      return std::abs(count / kDraws - p) < 4.5 * std::sqrt(p * (1 - p) / kDraws);
    };
    INFO("slot " << k);
    CHECK(within(clicks[k], truth.slots[k].observed_click));
    CHECK(within(purchases[k], truth.slots[k].purchase));
    CHECK(truth.slots[k].observed_click != truth.slots[k].click);
  }
}

TEST_CASE("examination is the product of the section, the place in it and the device") {
  const World world = test::small_world(5);
  Request request = make_request(world, 0);
  const ExaminationConfig& factor = world.config().examination;
  Page page;
  page.sections = {{0, {0, 1, 2, 3}}, {1, {4, 5, 6, 7}}};
  request.context["device"] = "desktop";
  const PageTruth desktop = world.truth(request, page);
  const double expected[8] = {1,
                              factor.carousel,
                              std::pow(factor.carousel, 2),
                              std::pow(factor.carousel, 3),
                              factor.section,
                              factor.section * factor.grid_column,
                              factor.section * factor.grid_row,
                              factor.section * factor.grid_row * factor.grid_column};
  request.context["device"] = "mobile";
  const PageTruth mobile = world.truth(request, page);
  for (std::size_t k = 0; k < 8; ++k) {
    CHECK(desktop.slots[k].examination == Approx(expected[k]));
    CHECK(mobile.slots[k].examination == Approx(std::pow(expected[k], factor.mobile)));
  }
}

TEST_CASE("attractiveness is the interest with the effects of the items above") {
  const World world = test::small_world(6);
  const ClickConfig& clicks = world.config().clicks;
  int near_duplicates_seen = 0, bought_seen = 0;
  for (std::int64_t index = 0; index < 200; ++index) {
    const Request request = make_request(world, index);
    const Page page = test::uniform_page(world, request, static_cast<std::uint64_t>(index));
    const PageTruth truth = world.truth(request, page);
    const std::vector<std::int32_t> items = page.items();
    for (std::size_t k = 0; k < items.size(); ++k) {
      const Item& item = request.candidates[static_cast<std::size_t>(items[k])];
      double category = 0, brand = 0, duplicate = 0, bought = 0;
      for (std::size_t above = 0; above < k; ++above) {
        const Item& other = request.candidates[static_cast<std::size_t>(items[above])];
        category += other.category == item.category;
        brand += other.brand == item.brand;
        if (near_duplicates(other, item)) duplicate = 1;
      }
      for (const HistoryAction& action : request.history)
        if (action.kind == ActionKind::purchase && near_duplicates(action.item, item)) bought = 1;
      near_duplicates_seen += duplicate > 0;
      bought_seen += bought > 0;
      double logit = world.interest(world.user_index(request.user), world.item_index(item.id));
      logit += (k > 0 && category == 0 ? clicks.new_category : 0.0) - bought * clicks.bought;
      logit -= clicks.same_category * std::min(4.0, std::max(0.0, category - 1));
      logit -= clicks.same_brand * std::min(4.0, brand) + clicks.near_duplicate * duplicate;
      CHECK(truth.slots[k].attractiveness == Approx(1 / (1 + std::exp(-logit))).epsilon(1e-12));
      CHECK(truth.slots[k].price == static_cast<double>(*item.price));
    }
  }
  CHECK(near_duplicates_seen > 5);
  CHECK(bought_seen > 5);
}

TEST_CASE("items below a slot do not change it") {
  const World world = test::small_world(7);
  const Request request = make_request(world, 2);
  Page first, second;
  first.sections = {{0, {0, 1, 2, 3}}, {1, {4, 5, 6, 7}}};
  second.sections = {{0, {0, 1, 2, 3}}, {1, {9, 8, 11, 10}}};
  const PageTruth truth_of_first = world.truth(request, first),
                  truth_of_second = world.truth(request, second);
  for (std::size_t k = 0; k < 4; ++k) CHECK(truth_of_first.slots[k].click == truth_of_second.slots[k].click);
}

TEST_CASE("a page or a request that is not of the world is refused by name") {
  const World world = test::small_world(8);
  Request request = make_request(world, 0);
  Page page;
  page.sections = {{0, {0, 1, 2, 20}}, {1, {4, 5, 6, 7}}};
  CHECK_THROWS_WITH(world.truth(request, page),
                    "simulator: the page places candidate 20 of request r0, which has 20");
  page.sections = {{2, {0}}};
  CHECK_THROWS_WITH(world.truth(request, page),
                    "simulator: the page has a section of type 2, the schema has 2 types");
  page.sections = {{0, {0}}};
  for (const char* id : {"i4500", "i-1", "i01", "i", "x1", "", "i1x"}) {
    request.candidates[3].id = id;
    CHECK_THROWS_AS(world.truth(request, page), Error);
  }
  request = make_request(world, 0);
  request.user = "somebody";
  CHECK_THROWS_AS(world.truth(request, page), Error);
}

}  // namespace pagewright
