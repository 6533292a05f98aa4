#include "rewards/clicks/click_log.hpp"

#include <algorithm>
#include <cmath>

#include "rewards/clicks/candidate_signals.hpp"
#include "rewards/clicks/click_comparison.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/clicks/position_identification.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world.hpp"
#include "tests/rewards/clicks/clicks_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// A strip of two slots over a grid of two columns over a list.
PageSchema three_sections() {
  PageSchema schema;
  schema.section_types = {{.name = "strip", .layout = "carousel", .min_slots = 1, .max_slots = 2},
                          {.name = "grid", .layout = "grid", .min_slots = 1, .max_slots = 4, .columns = 2},
                          {.name = "rest", .layout = "list", .min_slots = 1, .max_slots = 2}};
  schema.max_candidates = 8;
  return schema;
}

LoggedRequest eight_items(Split split, const std::string& device) {
  LoggedRequest logged;
  logged.split = split;
  logged.request.query = "shoes";
  if (!device.empty()) logged.request.context["device"] = device;
  for (int i = 0; i < 8; ++i) {
    Item item;
    item.id = "i" + std::to_string(i);
    item.price = 100 * (i + 1);
    item.category = i < 4 ? "a" : "b";
    logged.request.candidates.push_back(item);
  }
  return logged;
}

LoggedPage seven_slots(std::int64_t request, std::vector<std::int32_t> items, std::vector<int> clicked) {
  LoggedPage page;
  page.request = request;
  page.page.sections = {
      {0, {items[0], items[1]}}, {1, {items[2], items[3], items[4]}}, {2, {items[5], items[6]}}};
  for (const int slot : clicked) page.events.push_back({EventKind::click, slot, 1, {}, 1});
  return page;
}

FeedbackLog two_pages() {
  FeedbackLog log;
  log.requests = {eight_items(Split::train, "mobile"), eight_items(Split::valid, "")};
  log.pages = {seven_slots(0, {0, 1, 2, 3, 4, 5, 6}, {1}), seven_slots(1, {7, 1, 2, 3, 4, 5, 6}, {})};
  log.pages[0].events.push_back({EventKind::purchase, 4, 2, 500, 1});
  log.pages[0].events.push_back({EventKind::cart, 6, 2, {}, 1});
  return log;
}

}  // namespace

TEST_CASE("a page becomes a list with places of section, row, column and device") {
  const ClickLog clicks = click_log(two_pages(), three_sections(), {}, {ClickDocuments::item});
  REQUIRE(clicks.train.size() == 1);
  REQUIRE(clicks.valid.size() == 1);
  const ClickSession page = clicks.train[0];
  std::vector<std::string> places, documents;
  for (std::size_t k = 0; k < page.size(); ++k) {
    places.push_back(clicks.space.positions[static_cast<std::size_t>(page.positions[k])]);
    documents.push_back(clicks.space.documents[static_cast<std::size_t>(page.documents[k])]);
  }
  CHECK(places == std::vector<std::string>{"strip row 0 column 0 mobile", "strip row 0 column 1 mobile",
                                           "grid row 1 column 0 mobile", "grid row 1 column 1 mobile",
                                           "grid row 2 column 0 mobile", "rest row 3 column 0 mobile",
                                           "rest row 4 column 0 mobile"});
  CHECK(documents == std::vector<std::string>{"i0", "i1", "i2", "i3", "i4", "i5", "i6"});
  CHECK(std::vector<int>(page.rows.begin(), page.rows.end()) == std::vector<int>{0, 0, 1, 1, 2, 3, 4});
  // A cart and a purchase imply their click.
  CHECK(test::Clicks(page.clicks.begin(), page.clicks.end()) == test::Clicks{0, 1, 0, 0, 1, 0, 1});
  CHECK(clicks.space.ranks == 7);
  CHECK(clicks.space.positions.size() == 14);
  const ClickLog by_query = click_log(two_pages(), three_sections(), {}, {ClickDocuments::query});
  CHECK(by_query.space.documents.front() == "shoes/i0");
}

TEST_CASE("signals of a candidate say what its price and the history make of it") {
  Request request = eight_items(Split::train, "").request;
  request.candidates[2].ad = true;
  HistoryAction bought{ActionKind::purchase, 1, request.candidates[2]}, seen{ActionKind::view, 2, {}};
  seen.item.id = "other";
  seen.item.category = "b";
  request.history = {bought, seen};
  const std::vector<double> signals = candidate_signals(request, 2);
  REQUIRE(signals.size() == candidate_signal_names().size());
  double mean_log = 0;
  for (int i = 1; i <= 8; ++i) mean_log += std::log(100.0 * i) / 8;
  CHECK(signals[0] == Approx(std::log(300) - mean_log));
  CHECK(std::vector<double>(signals.begin() + 1, signals.end()) ==
        std::vector<double>{2.0 / 7, 1, 1, 1, 0.5, 0, 0});
  request.candidates[5].price.reset();
  CHECK(candidate_signals(request, 5)[0] == 0);
  CHECK(candidate_signals(request, 5)[1] == 0.5);
}

TEST_CASE("it is said when clicks cannot tell where users look from what they like") {
  FeedbackLog log = two_pages();
  const PageSchema schema = three_sections();
  const GainConfig gains;
  const auto found = [&] {
    const ClickLog clicks = click_log(log, schema, gains, {ClickDocuments::item});
    return position_identification(clicks, log, gains);
  };
  CHECK_FALSE(found().identified());
  CHECK(found().groups == 7);
  CHECK(
      test::contains(identification_text(found(), ClickDocuments::item), "not identified: no item was seen"));
  // Two items change places: two positions are connected, the others are not.
  log.pages.push_back(seven_slots(0, {1, 0, 2, 3, 4, 5, 6}, {}));
  CHECK(found().groups == 6);
  CHECK(found().documents_two == 2);
  CHECK(test::contains(identification_text(found(), ClickDocuments::item), "only within 6 groups"));
  log.pages.push_back(seven_slots(0, {1, 2, 3, 4, 5, 6, 0}, {}));
  log.pages.back().policy_id = "uniform";
  CHECK(found().identified());
  CHECK(found().uniform_pages == 1);
  CHECK(test::contains(identification_text(found(), ClickDocuments::item), "identified up to one factor"));
}

TEST_CASE(
    "click models of a simulated log are chosen by held-out perplexity, written, and give propensities") {
  const World world = test::small_world(5, 3000);
  const FeedbackLog log = simulate_log(world);
  GainConfig gains;
  const ClickLog clicks = click_log(log, world.schema(), gains, {ClickDocuments::features});
  ClicksConfig config;
  config.models = {"position_rate", "pbm", "dcm"};
  std::vector<FittedClicks> fitted;
  for (const std::string& name : config.models) fitted.push_back(fit_clicks(name, clicks, config));
  for (const FittedClicks& model : fitted) REQUIRE(model.held_out);
  CHECK(fitted[1].held_out->perplexity < fitted[0].held_out->perplexity);
  CHECK(fitted[0].examination_by_slot.empty());
  CHECK(fitted[2].examination_by_slot.empty());
  CHECK(test::contains(comparison_text(fitted, 1), "pbm *"));

  const test::TemporaryFolder folder;
  write_click_models(folder.path(), fitted, 1, position_identification(clicks, log, gains), clicks.view);
  gains.propensities = PropensitySource::click_model;
  CHECK(read_click_examination(folder.path(), std::nullopt) == fitted[1].examination_by_slot);
  const PositionPropensities propensities = position_propensities(gains, log, folder.path());
  CHECK(propensities.at(0) == 1);
  CHECK(propensities.at(3) == Approx(std::clamp(fitted[1].examination_by_slot[3], 0.01, 1.0)));
  CHECK(test::contains(test::error_text([&] { position_propensities(gains, log); }), "fit-clicks"));
  CHECK(test::contains(test::error_text([&] { read_click_examination(folder.path(), "carousel"); }),
                       "'carousel' was not fitted"));
  CHECK(test::contains(test::error_text([&] { read_click_examination(folder.path(), "dcm"); }),
                       "'dcm' examination depends on more than the position"));
  CHECK(test::contains(test::error_text([&] { read_click_examination(folder.path() / "no", std::nullopt); }),
                       "run `pagewright fit-clicks` first"));
}

TEST_CASE("the position-based model finds the examination of a simulated shop without page effects") {
  SimulatorConfig config;
  config.pages = 6000;
  config.test_requests = 20;
  config.logging.uniform_share = 1;
  config.clicks.new_category = config.clicks.same_category = config.clicks.same_brand = 0;
  config.clicks.near_duplicate = config.clicks.random_clicks = 0;
  const World world(config, test::carousel_and_grid(), 3);
  const FeedbackLog log = simulate_log(world);
  const ClickLog clicks = click_log(log, world.schema(), {}, {ClickDocuments::features});
  const std::vector<double> found = fit_clicks("pbm", clicks, {}).examination_by_slot;
  std::vector<double> truth(8), rates(8);
  double pages = 0;
  for (const LoggedPage& page : log.pages) {
    const LoggedRequest& logged = log.requests[static_cast<std::size_t>(page.request)];
    if (logged.split != Split::train) continue;
    const PageTruth page_truth = world.truth(logged.request, page.page);
    for (std::size_t k = 0; k < 8; ++k) {
      truth[k] += page_truth.slots[k].examination;
      rates[k] += page_truth.slots[k].observed_click;
    }
    pages += 1;
  }
  REQUIRE(found.size() == 8);
  for (std::size_t k = 1; k < 8; ++k) {
    // A ratio of click rates has about this relative standard error.
    const double error = std::sqrt((1 - rates[0] / pages) / rates[0] + (1 - rates[k] / pages) / rates[k]);
    CAPTURE(k, found[k], truth[k] / truth[0], error);
    CHECK(error < 0.06);
    CHECK(std::abs(found[k] / (truth[k] / truth[0]) - 1) < 4 * error);
  }
}

TEST_CASE("click models can be fitted to uniformly random pages alone") {
  FeedbackLog log = two_pages();
  const PageSchema schema = three_sections();
  const ClickView uniform{ClickDocuments::item, ClickPages::uniform};
  CHECK(click_log(log, schema, {}, uniform).train.size() == 0);
  log.pages.push_back(seven_slots(0, {1, 0, 2, 3, 4, 5, 6}, {0}));
  log.pages.back().policy_id = "uniform";
  const ClickLog clicks = click_log(log, schema, {}, uniform);
  CHECK(clicks.train_pages == std::vector<std::int64_t>{2});
  CHECK(clicks.valid.size() == 0);
  CHECK(clicks.view.pages == ClickPages::uniform);
}

TEST_CASE("documents without training pages keep the mean of the log") {
  ClickLog clicks;
  clicks.space = list_space(3, 2);
  for (int i = 0; i < 40; ++i)
    clicks.train.add_list(std::vector<int>{0, 1}, test::Clicks{i % 4 == 0, i % 8 == 0});
  clicks.valid.add_list(std::vector<int>{2, 0}, test::Clicks{0, 1});
  ClicksConfig config;
  config.prior_strength = 5;
  const FittedClicks fitted = fit_clicks("cascade", clicks, config);
  const std::vector<double>& drawn = fitted.parameters.at(0).values;
  // Slots that count: 40 first ones with 10 clicks and 30 second ones without (all of 5 clicks came below
  // one).
  const double mean = (1 + 10.0) / (2 + 70);
  CHECK(drawn[2] == Approx(mean).epsilon(1e-9));
  CHECK(drawn[0] == Approx((5 * mean + 10) / (5 + 40)).epsilon(1e-9));
  CHECK(drawn[1] == Approx((5 * mean + 0) / (5 + 30)).epsilon(1e-9));
}

}  // namespace pagewright
