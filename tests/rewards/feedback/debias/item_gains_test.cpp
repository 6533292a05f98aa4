#include "rewards/feedback/debias/item_gains.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/config/config_file.hpp"
#include "rewards/clicks/click_comparison.hpp"
#include "rewards/feedback/debias/gain_assumptions.hpp"
#include "rewards/feedback/debias/pair_bias.hpp"
#include "rewards/feedback/pair_families.hpp"
#include "rewards/feedback/pairs.hpp"
#include "rewards/models/reward_config.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

PageSchema one_list() {
  PageSchema schema;
  schema.section_types = {{.name = "list", .layout = "list", .min_slots = 1, .max_slots = 3}};
  schema.section_order = {0};
  schema.max_candidates = 4;
  return schema;
}

/// Pages of three of four items at 100 each, in turning order; the first item is clicked wherever it stands,
/// the second at the first slot only, the third once in a while.
FeedbackLog turning_pages(int pages) {
  FeedbackLog log;
  LoggedRequest request;
  request.request.user = "u";
  for (const char* id : {"a", "b", "c", "d"}) {
    Item item;
    item.id = id;
    item.price = 100;
    request.request.candidates.push_back(item);
  }
  log.requests = {request};
  for (int n = 0; n < pages; ++n) {
    LoggedPage page;
    page.page_id = "p" + std::to_string(n);
    page.timestamp = 1000 + n;
    page.page.sections = {{0, {n % 4, (n + 1) % 4, (n + 2) % 4}}};
    const std::vector<std::int32_t> items = page.page.items();
    for (std::int32_t k = 0; k < 3; ++k) {
      const std::int32_t item = items[static_cast<std::size_t>(k)];
      const bool clicked = (item == 0 && n % 3 != 0) || (item == 1 && k == 0) || (item == 2 && n % 5 == 0);
      if (clicked) page.events.push_back({EventKind::click, k, page.timestamp, {}, 1});
      if (clicked && n % 7 == 0) page.events.push_back({EventKind::purchase, k, page.timestamp, 100, 1});
    }
    log.pages.push_back(page);
  }
  return log;
}

GainConfig config_of(GainEstimator estimator) {
  GainConfig config;
  config.estimator = estimator;
  config.price_ref = 100.0;
  return config;
}

GainConfig given_propensities(GainEstimator estimator, std::vector<double> propensities, double max_weight) {
  GainConfig config = config_of(estimator);
  config.propensities = PropensitySource::given;
  config.given_propensities = std::move(propensities);
  config.max_weight = max_weight;
  return config;
}

std::size_t config_errors(const std::string& gains, const std::string& what) {
  const ConfigFile file = parse_config("{gains: {" + gains + "}, clicks: {models: [pbm]}}\n", "a.yaml");
  RewardsConfig::from(file.root());
  std::size_t found = 0;
  for (const auto& error : file.errors()) found += test::contains(error, what);
  return found;
}

}  // namespace

TEST_CASE("naive gains are the observed ones, and ipw weighs them by the clipped inverse propensity") {
  const FeedbackLog log = turning_pages(20);
  const ItemGains naive(config_of(GainEstimator::naive), log);
  const ItemGains ipw(given_propensities(GainEstimator::ipw, {1, 0.5, 0.1}, 4), log);
  for (std::int64_t p = 0; p < 20; ++p) {
    const std::vector<double> observed = naive.observed(p);
    CHECK(naive.of(p) == observed);
    CHECK(ipw.observed(p) == observed);
    CHECK(ipw.of(p) == std::vector<double>{observed[0], 2 * observed[1], 4 * observed[2]});
  }
  CHECK(naive.propensity_by_slot().empty());
  CHECK(ipw.propensity_by_slot() == std::vector<double>{1, 0.5, 0.1});
  CHECK(ipw.pair_weight(0, 2) == 1);
}

TEST_CASE("self-normalised gains are what clipping left, divided by it for each item") {
  const FeedbackLog log = turning_pages(24);
  const std::vector<double> propensities{1, 0.5, 0.1}, weights{1, 2, 4};
  const GainConfig config = given_propensities(GainEstimator::self_normalised, propensities, 4);
  const ItemGains gains(config, log);
  // Item n is shown six times at each slot.
  const double expected = (1 + 1 + 0.4) / 3;
  for (std::int64_t p = 0; p < 24; ++p)
    for (std::size_t k = 0; k < 3; ++k)
      CHECK(gains.of(p)[k] == Approx(weights[k] * gains.observed(p)[k] / expected));
  // Without clipping it is ipw.
  const ItemGains free(given_propensities(GainEstimator::self_normalised, propensities, 10), log);
  const ItemGains ipw(given_propensities(GainEstimator::ipw, propensities, 10), log);
  for (std::int64_t p = 0; p < 24; ++p)
    for (std::size_t k = 0; k < 3; ++k) CHECK(free.of(p)[k] == Approx(ipw.of(p)[k]));
}

TEST_CASE("logged propensities weigh by how much likelier a uniform page is to place the item") {
  FeedbackLog log = turning_pages(3);
  GainConfig config = config_of(GainEstimator::ipw);
  config.propensities = PropensitySource::logged;
  config.max_weight = 6;
  const auto error = [&] { return test::error_text([&] { const ItemGains gains(config, log); }); };
  CHECK(test::contains(error(), "3 of 3 pages have none, the first is 'p0'"));
  for (LoggedPage& page : log.pages) {
    page.slot_propensities = {0.5, 0.25, 0.01};
    page.slot_propensity_kind = PropensityKind::slot_marginal;
    page.events.clear();
    for (std::int32_t k = 0; k < 3; ++k) page.events.push_back({EventKind::click, k, 1, {}, 1});
  }
  CHECK(ItemGains(config, log).of(0) == std::vector<double>{0.5, 1, 6});
  log.pages[1].slot_propensity_kind = PropensityKind::slot_given_prefix;
  const std::vector<double> prefix = ItemGains(config, log).of(1);
  CHECK(prefix[0] == Approx(1 / (4 * 0.5)));
  CHECK(prefix[1] == Approx(1 / (4 * 0.5) / (3 * 0.25)));
  CHECK(prefix[2] == 6);
  for (const double wrong : {0.0, 1.5, std::nan("")}) {
    log.pages[2].slot_propensities[1] = wrong;
    CHECK(test::contains(error(), "1 of 3 pages have slot propensities outside (0, 1], the first is 'p2'"));
  }
}

TEST_CASE("regression-EM gives a missing click the posterior of attraction times the item's gain per click") {
  const FeedbackLog log = turning_pages(120);
  const PageSchema schema = one_list();
  GainConfig config = config_of(GainEstimator::regression_em);
  config.dismissal = 3;
  const ClicksConfig clicks;
  FeedbackLog dismissed = log;
  dismissed.pages[5].events = {{EventKind::dismiss, 2, 1005, {}, 1}};
  const ItemGains gains(config, dismissed, {&schema, clicks, {}});
  const FittedClicks fitted =
      fit_clicks("pbm", click_log(dismissed, schema, config, {clicks.documents}), clicks);
  std::map<std::string, double> attraction, look, gained, clicked;
  for (const ClickParameters& kind : fitted.parameters)
    for (std::size_t i = 0; i < kind.keys.size(); ++i)
      (kind.name == "attractiveness" ? attraction : look)[kind.keys[i]] = kind.values[i];
  double all_gained = 0, all_clicked = 0;
  for (std::int64_t p = 0; p < 120; ++p)
    for (std::size_t k = 0; k < 3; ++k) {
      const double gain = gains.observed(p)[k];
      if (gain <= 0) continue;
      const std::size_t index =
          static_cast<std::size_t>(log.pages[static_cast<std::size_t>(p)].page.items()[k]);
      gained[log.requests[0].request.candidates[index].id] += gain;
      clicked[log.requests[0].request.candidates[index].id] += 1;
      all_gained += gain;
      all_clicked += 1;
    }
  for (std::int64_t p = 0; p < 120; ++p) {
    const std::vector<double> of = gains.of(p);
    for (std::size_t k = 0; k < 3; ++k) {
      CAPTURE(p, k);
      const std::size_t index =
          static_cast<std::size_t>(log.pages[static_cast<std::size_t>(p)].page.items()[k]);
      const std::string& item = log.requests[0].request.candidates[index].id;
      const double theta = look.at("list row " + std::to_string(k) + " column 0"),
                   alpha = attraction.at(item);
      const double per_click = (gained[item] + 4 * all_gained / all_clicked) / (clicked[item] + 4);
      const double posterior = (1 - theta) * alpha / (1 - theta * alpha);
      if (p == 5 && k == 2)
        CHECK(of[k] == Approx(-3 * std::min(1 / theta, 10.0)));
      else if (gains.observed(p)[k] > 0)
        CHECK(of[k] == gains.observed(p)[k]);
      else
        CHECK(of[k] == Approx(posterior * per_click).margin(1e-9));
    }
  }
  CHECK(gains.propensity_by_slot()[0] == 1);
}

TEST_CASE("pairwise debiasing leaves gains and weighs swaps by the inverse biases of both slots") {
  const FeedbackLog log = turning_pages(120);
  const PageSchema schema = one_list();
  const GainConfig config = config_of(GainEstimator::pairwise), naive = config_of(GainEstimator::naive);
  const ClickLog clicks = click_log(log, schema, config, {ClickDocuments::item});
  const PairBias bias = fit_pair_bias(clicks.space, clicks.train, {});
  const ItemGains gains(config, log, {&schema, {}, {}}), observed(naive, log);
  const std::vector<SwapPair> swaps = make_swap_pairs(log, gains, Split::train),
                              plain = make_swap_pairs(log, observed, Split::train);
  REQUIRE(swaps.size() == plain.size());
  for (std::size_t s = 0; s < swaps.size(); ++s) {
    const auto better = static_cast<std::size_t>(swaps[s].first_better ? swaps[s].i : swaps[s].j),
               worse = static_cast<std::size_t>(swaps[s].first_better ? swaps[s].j : swaps[s].i);
    const double factor = std::min(1 / (bias.clicked[better] * bias.unclicked[worse]), 10.0);
    CHECK(swaps[s].weight == Approx(plain[s].weight * factor));
  }
  CHECK(gains.of(3) == observed.of(3));
}

TEST_CASE(
    "pairwise debiasing weighs ranking pairs by their slots' biases, all together as much as unweighted") {
  const FeedbackLog log = turning_pages(120);
  const PageSchema schema = one_list();
  GainConfig config = config_of(GainEstimator::pairwise);
  config.full_confidence = 1;  // every pair has the confidence 1
  const ClickLog clicks = click_log(log, schema, config, {ClickDocuments::item});
  const PairBias bias = fit_pair_bias(clicks.space, clicks.train, {});
  const ItemGains gains(config, log, {&schema, {}, {}});
  PairConfig pairs;
  pairs.reversal_share = 0;
  const PairSet set = make_pairs(log, schema, gains, pairs, Split::train, 1);
  std::vector<double> weights, factors;
  double all = 0;
  for (const PagePair& pair : set.pairs) {
    if (pair.family != PairFamily::ranking) {
      CHECK(pair.weight <= 1);
      continue;
    }
    const std::vector<std::int32_t> better = pair.better.items(), worse = pair.worse.items();
    std::size_t i = 0, j = 2;
    while (better[i] == worse[i]) ++i;
    while (better[j] == worse[j]) --j;
    weights.push_back(pair.weight);
    factors.push_back(std::min(1 / (bias.clicked[i] * bias.unclicked[j]), 10.0));
    all += factors.back();
  }
  REQUIRE(weights.size() > 4);
  CHECK(*std::max_element(factors.begin(), factors.end()) >
        1.1 * *std::min_element(factors.begin(), factors.end()));
  for (std::size_t p = 0; p < weights.size(); ++p)
    CHECK(weights[p] == Approx(factors[p] * static_cast<double>(weights.size()) / all));
  CHECK(set.notes[static_cast<std::size_t>(PairFamily::ranking)].weight ==
        Approx(static_cast<double>(weights.size())));
}

TEST_CASE(
    "a reversed or shuffled page weighs the mean of the biases of the slots that it puts in another order") {
  const FeedbackLog log = turning_pages(120);
  const PageSchema schema = one_list();
  const ItemGains gains(config_of(GainEstimator::pairwise), log, {&schema, {}, {}});
  PairConfig config;
  config.reversal_share = 1;
  int tried = 0;
  for (const JudgedPage& page : judge_pages(log, gains, Split::train)) {
    const PairAttempt attempt =
        ranking_pair(page, gains, config,
                     CounterRandom(1, RandomStream::pairs, 0, static_cast<std::uint64_t>(page.index)));
    if (!attempt.pair) continue;
    ++tried;
    const std::vector<std::int32_t> better = attempt.pair->better.items(),
                                    worse = attempt.pair->worse.items();
    const auto at = [](const std::vector<std::int32_t>& items, std::int32_t item) {
      return std::find(items.begin(), items.end(), item) - items.begin();
    };
    double sum = 0, count = 0;
    for (int high = 0; high < 3; ++high)
      for (int low = 0; low < 3; ++low) {
        const auto h = static_cast<std::size_t>(high), l = static_cast<std::size_t>(low);
        if (page.item_gains[h] <= page.item_gains[l]) continue;
        CHECK(at(better, page.items[h]) < at(better, page.items[l]));
        if (at(worse, page.items[h]) < at(worse, page.items[l])) continue;
        sum += gains.pair_weight(high, low);
        count += 1;
      }
    REQUIRE(count > 0);
    CHECK(attempt.pair->weight == Approx(sum / count));
  }
  CHECK(tried > 50);
}

TEST_CASE("dismissals are taken off, and pieces sent back are not paid for") {
  FeedbackLog log = turning_pages(1);
  log.pages[0].events = {
      {EventKind::click, 0, 1, {}, 1},           {EventKind::purchase, 0, 2, 100, 4},
      {EventKind::purchase_return, 0, 3, {}, 1}, {EventKind::dismiss, 1, 1, {}, 1},
      {EventKind::purchase, 2, 2, 100, 1},       {EventKind::purchase_return, 2, 3, {}, 1}};
  GainConfig config = config_of(GainEstimator::naive);
  CHECK(ItemGains(config, log).of(0) == std::vector<double>{1 + 5 * 3, 0, 1});
  config.dismissal = 2;
  CHECK(ItemGains(config, log).of(0) == std::vector<double>{1 + 5 * 3, -2, 1});
  CHECK(page_utility(ItemGains(config, log).weights(), log.requests[0].request, log.pages[0]) == Approx(15));
  CHECK(engagements(GainWeights{}, log.pages[0]) == 4);
  CHECK(engagements(ItemGains(config, log).weights(), log.pages[0]) == 5);
}

TEST_CASE("purchases without a price are counted in a warning, where prices count") {
  FeedbackLog log = turning_pages(42);
  log.requests.push_back(log.requests[0]);
  log.requests[1].split = Split::valid;
  std::int64_t purchases = 0, unpriced = 0;
  for (std::size_t p = 0; p < log.pages.size(); ++p) {
    LoggedPage& page = log.pages[p];
    if (p % 4 == 1) page.request = 1;  // of a validation user: not counted
    for (Event& event : page.events) {
      if (event.kind != EventKind::purchase) continue;
      if (event.slot == 0) event.price.reset();
      if (event.slot == 1) event.price = 0;
      purchases += page.request == 0;
      unpriced += page.request == 0 && event.slot != 2;
    }
  }
  REQUIRE(unpriced > 0);
  REQUIRE(unpriced < purchases);
  const test::TemporaryFolder folder;
  const auto said = [&](const GainConfig& config) {
    std::filesystem::remove(folder / "log");
    init_logging({.file = folder / "log"});
    const ItemGains gains(config, log);
    init_logging({});
    return read_file(folder / "log");
  };
  GainConfig config = config_of(GainEstimator::naive);
  CHECK(test::contains(said(config),
                       fmt::format("warning gains: {} of {} purchases have no price; they count at "
                                   "their candidate's, and without one at price_ref",
                                   unpriced, purchases)));
  config.price_power = 0;
  CHECK(said(config).empty());
  config.price_power = 1;
  for (LoggedPage& page : log.pages)
    for (Event& event : page.events)
      if (event.kind == EventKind::purchase) event.price = 100;
  CHECK(said(config).empty());
}

TEST_CASE("every estimator gives numbers, or says what is missing, on poor logs") {
  const PageSchema schema = one_list();
  const std::vector<GainEstimator> all{
      GainEstimator::naive,         GainEstimator::ipw, GainEstimator::self_normalised,
      GainEstimator::regression_em, GainEstimator::dla, GainEstimator::pairwise};
  for (const GainEstimator estimator : all) {
    CAPTURE(gain_estimator_name(estimator));
    GainConfig config = config_of(estimator);
    config.propensities = PropensitySource::given;
    config.given_propensities = {1, 0.5, 0.25};
    const auto finite = [&](const FeedbackLog& log) {
      const ItemGains gains(config, log, {&schema, {}, {}});
      bool good = true;
      for (std::int64_t p = 0; p < std::ssize(log.pages); ++p)
        for (const double gain : gains.of(p)) good = good && std::isfinite(gain);
      return good;
    };
    FeedbackLog log = turning_pages(40);
    for (LoggedPage& page : log.pages)
      std::erase_if(page.events, [](const Event& event) { return event.kind == EventKind::purchase; });
    CHECK(finite(log));  // no purchase at all
    log = turning_pages(40);
    for (Item& item : log.requests[0].request.candidates) item.price.reset();
    for (LoggedPage& page : log.pages)
      for (Event& event : page.events) event.price.reset();
    CHECK(finite(log));  // purchases without a price
    log = turning_pages(40);
    for (LoggedPage& page : log.pages) page = log.pages[1];
    if (estimator == GainEstimator::pairwise)  // all pages equal
      CHECK(test::contains(test::error_text([&] { finite(log); }), "the first slot is never left unclicked"));
    else
      CHECK(finite(log));
    log = turning_pages(40);
    for (LoggedPage& page : log.pages) page.events.clear();
    if (fits_clicks(estimator))
      CHECK(test::contains(test::error_text([&] { finite(log); }),
                           "nothing on the 40 training pages was clicked or bought"));
    else
      CHECK(finite(log));
    log.pages.clear();
    if (fits_clicks(estimator))
      CHECK(test::contains(test::error_text([&] { finite(log); }), "no training page"));
  }
}

TEST_CASE("an item of a page that is not learnt from has no estimated gain") {
  const PageSchema schema = one_list();
  FeedbackLog log = turning_pages(40);
  log.requests.push_back(log.requests[0]);
  log.requests[1].split = Split::test;
  log.pages[7].request = 1;
  const ItemGains gains(config_of(GainEstimator::dla), log, {&schema, {}, {}});
  CHECK(test::contains(test::error_text([&] { gains.of(7); }), "page 7 is not among"));
  CHECK(gains.observed(7).size() == 3);
}

TEST_CASE("estimators that contradict other keys are refused by name") {
  CHECK(config_errors("estimator: ipw, propensities: none", "estimator") == 0);
  CHECK(config_errors("estimator: dla", "estimator") == 0);
  CHECK(config_errors("estimator: dla, propensities: power",
                      "only ipw and self_normalised take propensities") == 1);
  CHECK(config_errors("estimator: naive, propensities: logged", "only ipw and self_normalised") == 1);
  CHECK(config_errors("estimator: self_normalised, propensities: none",
                      "self_normalised needs propensities") == 1);
  CHECK(config_errors("estimator: trust, click_model: pbm", "takes the click model trust_pbm and not pbm") ==
        1);
  CHECK(config_errors("estimator: trust", "needs trust_pbm among clicks.models") == 1);
  CHECK(config_errors("estimator: trust, click: 0", "`click` is 0") == 1);
  CHECK(config_errors("estimator: snips", "estimator") == 1);
  CHECK(config_errors("propensities: given, given_propensities: [1, 0]", "given_propensities") > 0);
  CHECK(config_errors("propensities: given, given_propensities: [1.2]", "given_propensities") > 0);
}

TEST_CASE("assumptions of item gains are said") {
  const auto first = [](const GainConfig& config) { return gain_assumptions(config).at(0); };
  CHECK(gain_assumptions(GainConfig{}).empty());
  CHECK(test::contains(first(config_of(GainEstimator::naive)), "as observed"));
  CHECK(
      test::contains(first(given_propensities(GainEstimator::ipw, {1, 0.5}, 2)), "assumed and not measured"));
  for (const GainEstimator estimator :
       {GainEstimator::regression_em, GainEstimator::dla, GainEstimator::trust, GainEstimator::pairwise})
    CHECK(test::contains(first(config_of(estimator)), gain_estimator_name(estimator)));
  GainConfig late;
  late.delayed_purchases = DelayedPurchases::weight;
  CHECK(test::contains(first(late), "late purchases"));
}

}  // namespace pagewright
