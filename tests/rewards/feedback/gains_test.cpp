#include "rewards/feedback/gains.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/config/config_file.hpp"
#include "rewards/feedback/near_duplicate.hpp"
#include "rewards/feedback/pairs.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

LoggedRequest request_of_prices(Split split, std::vector<std::optional<std::int64_t>> prices) {
  LoggedRequest logged;
  logged.split = split;
  logged.request.user = "u";
  for (std::size_t i = 0; i < prices.size(); ++i) {
    Item item;
    item.id = "i" + std::to_string(i);
    item.price = prices[i];
    logged.request.candidates.push_back(item);
  }
  return logged;
}

LoggedPage page_of(std::int64_t request, std::vector<std::int32_t> items, std::vector<Event> events) {
  LoggedPage page;
  page.request = request;
  page.page.sections = {{0, std::move(items)}};
  page.events = std::move(events);
  return page;
}

}  // namespace

TEST_CASE("gains are graded: a click, a purchase at its price, nothing") {
  const LoggedRequest request = request_of_prices(Split::train, {100, 200, 400, std::nullopt});
  const LoggedPage page = page_of(0, {2, 0, 1, 3},
                                  {{EventKind::click, 0, 1, {}, 1},
                                   {EventKind::click, 0, 2, {}, 1},
                                   {EventKind::purchase, 1, 3, 90, 2},
                                   {EventKind::purchase, 3, 3, {}, 1},
                                   {EventKind::cart, 2, 1, {}, 1},
                                   {EventKind::impression, 2, 1, {}, 1}});
  const GainWeights weights{1, 5, 1, 200};
  CHECK(slot_gains(weights, request.request, page) == std::vector<double>{1, 1 + 5 * 180.0 / 200, 1, 1 + 5});
  CHECK(page_utility(weights, request.request, page) == Approx(1 + 5.5 + 1 + 6));
  CHECK(engagements(weights, page) == 6);  // a cart implies its click
  CHECK(engagements({.cart = 2}, page) == 7);
  const GainWeights priceless{2, 3, 0, 1};
  CHECK(slot_gains(priceless, request.request, page) == std::vector<double>{2, 5, 2, 5});
  const GainWeights square{1, 5, 2, 200};
  CHECK(slot_gains(square, request.request, page)[1] == Approx(1 + 5 * 0.81));
}

TEST_CASE("reward models learn from pages of their split, and from revisits only if told to") {
  FeedbackLog log;
  log.requests = {request_of_prices(Split::train, {100, 200}), request_of_prices(Split::train, {100, 200}),
                  request_of_prices(Split::valid, {100, 200})};
  log.pages = {page_of(0, {0, 1}, {{EventKind::click, 0, 1, {}, 1}}),
               page_of(1, {0, 1}, {{EventKind::click, 1, 1, {}, 1}}), page_of(2, {0, 1}, {})};
  log.pages[0].page_id = "p";
  log.pages[1].revisit_of = "p";
  GainConfig gains;
  gains.price_power = 0;
  gains.propensities = PropensitySource::none;
  PageSchema schema;
  schema.section_types = {{.name = "list", .layout = "list", .min_slots = 1, .max_slots = 2}};
  schema.section_order = {0};
  schema.max_candidates = 2;
  using Pages = std::vector<std::int64_t>;
  const auto learnt = [&](Split split) {
    Pages of_pages, of_swaps;
    for (const FeedbackPage& page : feedback_pages(log, schema, gains, split))
      of_pages.push_back(page.request);
    for (const SwapPair& swap : make_swap_pairs(log, ItemGains(gains, log), split))
      of_swaps.push_back(log.pages[static_cast<std::size_t>(swap.page)].request);
    return std::pair(of_pages, of_swaps);
  };
  CHECK(learnt(Split::train) == std::pair(Pages{0}, Pages{0}));
  CHECK(learnt(Split::valid) == std::pair(Pages{2}, Pages{}));
  gains.revisits = true;
  CHECK(learnt(Split::train) == std::pair(Pages{0, 1}, Pages{0, 1}));
}

TEST_CASE("the reference price is the mean price paid per piece on training pages") {
  FeedbackLog log;
  log.requests = {request_of_prices(Split::train, {100, 200}), request_of_prices(Split::test, {900, 900}),
                  request_of_prices(Split::valid, {900, 900})};
  log.pages = {page_of(0, {0, 1}, {{EventKind::purchase, 0, 0, 100, 3}, {EventKind::purchase, 1, 0, 200, 1}}),
               page_of(1, {0, 1}, {{EventKind::purchase, 0, 0, 900, 1}}),
               page_of(2, {0, 1}, {{EventKind::purchase, 0, 0, 900, 1}})};
  CHECK(*mean_purchased_price(log) == Approx(125));
  CHECK(gain_weights(GainConfig{}, log).price_ref == Approx(125));
  GainConfig given;
  given.price_ref = 50.0;
  CHECK(gain_weights(given, log).price_ref == 50);
  log.pages.erase(log.pages.begin());
  CHECK_FALSE(mean_purchased_price(log).has_value());
  CHECK_THROWS_AS(gain_weights(GainConfig{}, log), Error);
  GainConfig priceless;
  priceless.price_power = 0;
  CHECK(gain_weights(priceless, log).purchase == 5);
}

TEST_CASE("propensities clip the weight of far slots") {
  const PositionPropensities propensities(power_law_propensities(4, 1), 3);
  CHECK(propensities.by_slot() == std::vector<double>{1, 0.5, 1.0 / 3, 0.25});
  CHECK(propensities.inverse(1) == 2);
  CHECK(propensities.inverse(3) == 3);
  CHECK(propensities.inverse(99) == 3);
  CHECK_THROWS_AS(PositionPropensities({}, 3), Error);
  CHECK_THROWS_AS(PositionPropensities({1, 0}, 3), Error);
  CHECK(confidence(0, 3) == 0);
  CHECK(confidence(2, 3) == Approx(2.0 / 3));
  CHECK(confidence(7, 3) == 1);
}

TEST_CASE("propensities are estimated from the uniformly random training pages alone") {
  const std::vector<double> truth = {1, 0.7, 0.5, 0.45};
  FeedbackLog log;
  log.requests = {request_of_prices(Split::train, {1, 1, 1, 1}),
                  request_of_prices(Split::test, {1, 1, 1, 1})};
  for (std::uint64_t n = 0; n < 20000; ++n) {
    CounterRandom random(1, RandomStream::feedback, 0, n);
    LoggedPage page = page_of(0, {0, 1, 2, 3}, {});
    page.policy_id = "uniform";
    for (std::int32_t k = 0; k < 4; ++k)
      if (random.uniform() < 0.4 * truth[static_cast<std::size_t>(k)])
        page.events.push_back({EventKind::click, k, 0, {}, 1});
    log.pages.push_back(page);
    // Others, that must not count: clicks at the last slot only.
    page.events = {{EventKind::click, 3, 0, {}, 1}};
    page.request = 1;
    log.pages.push_back(page);
    page.request = 0;
    page.policy_id = "production";
    log.pages.push_back(page);
  }
  const std::vector<double> estimate = estimate_propensities(log, "uniform");
  REQUIRE(estimate.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) CHECK(estimate[k] == Approx(truth[k]).margin(0.025));
  CHECK_THROWS_AS(estimate_propensities(log, "random"), Error);
}

TEST_CASE("estimated propensities never rise: neighbours in the wrong order share their clicks") {
  FeedbackLog log;
  log.requests = {request_of_prices(Split::train, {1, 1, 1})};
  // 200 pages; clicks by slot 100, 40, 60.
  for (std::int32_t n = 0; n < 200; ++n) {
    LoggedPage page = page_of(0, {0, 1, 2}, {});
    page.policy_id = "uniform";
    if (n < 100) page.events.push_back({EventKind::click, 0, 0, {}, 1});
    if (n < 40) page.events.push_back({EventKind::click, 1, 0, {}, 1});
    if (n < 60) page.events.push_back({EventKind::purchase, 2, 0, {}, 1});
    log.pages.push_back(page);
  }
  const std::vector<double> estimate = estimate_propensities(log, "uniform");
  CHECK(estimate[0] == 1);
  CHECK(estimate[1] == Approx(0.5));
  CHECK(estimate[2] == Approx(0.5));
}

TEST_CASE("the configuration of gains chooses the propensities") {
  const ConfigFile file = parse_config(
      "gains: {click: 2, price_power: 0, propensities: given, given_propensities: [1, 0.5], max_weight: 4}\n",
      "a.yaml");
  const GainConfig config = GainConfig::from(file.root().child("gains"));
  file.finish();
  CHECK(config.click == 2);
  CHECK(config.price_power == 0);
  FeedbackLog log;
  CHECK(position_propensities(config, log).by_slot() == std::vector<double>{1, 0.5});
  GainConfig none;
  none.propensities = PropensitySource::none;
  CHECK(position_propensities(none, log).inverse(5) == 1);
  const ConfigFile wrong = parse_config("gains: {propensities: given}\n", "b.yaml");
  GainConfig::from(wrong.root().child("gains"));
  CHECK(wrong.errors().size() == 1);
}

TEST_CASE("near-duplicates share category, brand and price band") {
  Item first;
  first.category = "tents";
  first.brand = "Arkeko";
  first.price = 1000;
  Item second = first;
  CHECK(near_duplicates(first, second));
  second.price = 1200;
  CHECK(near_duplicates(first, second));
  CHECK(near_duplicates(second, first));
  second.price = 1201;
  CHECK_FALSE(near_duplicates(first, second));
  CHECK(near_duplicates(first, second, 1.3));
  second.price = std::nullopt;
  CHECK_FALSE(near_duplicates(first, second));
  second = first;
  second.brand = "Velora";
  CHECK_FALSE(near_duplicates(first, second));
  second = first;
  second.category = "";
  CHECK_FALSE(near_duplicates(second, second));
}

}  // namespace pagewright
