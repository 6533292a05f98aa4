#include "rewards/feedback/debias/purchase_delays.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/rng.hpp"
#include "rewards/feedback/debias/item_gains.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

constexpr double kDay = 86400;

/// Clicks over 30 days, a share of which is followed by a purchase after an exponential delay; what is later
/// than the end of the log is not seen.
std::vector<ClickedSlotAge> clicks_with_delays(int count, double share, double mean) {
  std::vector<ClickedSlotAge> slots;
  CounterRandom random(2, RandomStream::feedback);
  for (int n = 0; n < count; ++n) {
    ClickedSlotAge slot{30 * kDay * random.uniform(), std::nullopt};
    const double delay = -mean * std::log1p(-random.uniform());
    if (random.uniform() < share && delay <= slot.age) slot.delay = delay;
    slots.push_back(slot);
  }
  return slots;
}

double seen_share(const std::vector<ClickedSlotAge>& slots) {
  double seen = 0;
  for (const ClickedSlotAge& slot : slots) seen += slot.delay.has_value();
  return seen / static_cast<double>(slots.size());
}

/// Clicks of one item on pages of age 0 to 9 days, one in ten of which leads to a purchase two days later, if
/// the log still sees it.
FeedbackLog log_of_late_purchases(int pages) {
  FeedbackLog log;
  LoggedRequest request;
  request.request.user = "u";
  for (const char* id : {"a", "b"}) {
    Item item;
    item.id = id;
    item.price = 100;
    request.request.candidates.push_back(item);
  }
  log.requests = {request};
  const auto end = static_cast<std::int64_t>(100 * kDay);
  for (int n = 0; n < pages; ++n) {
    LoggedPage page;
    page.page_id = "p" + std::to_string(n);
    page.page.sections = {{0, {0, 1}}};
    page.timestamp = end - (n % 10) * static_cast<std::int64_t>(kDay);
    page.events = {{EventKind::click, 0, page.timestamp, {}, 1}};
    const std::int64_t bought = page.timestamp + static_cast<std::int64_t>(2 * kDay);
    if ((n / 10) % 10 == 0 && bought <= end) page.events.push_back({EventKind::purchase, 0, bought, 100, 1});
    log.pages.push_back(page);
  }
  return log;
}

GainConfig delayed(DelayedPurchases kind, DelayForm form) {
  GainConfig config;
  config.estimator = GainEstimator::naive;
  config.propensities = PropensitySource::none;
  config.price_power = 0;
  config.delayed_purchases = kind;
  config.delays = form;
  config.log_end = static_cast<std::int64_t>(100 * kDay);
  return config;
}

double mean_first_gain(const GainConfig& config, const FeedbackLog& log) {
  const ItemGains gains(config, log);
  double sum = 0;
  for (std::size_t i = 0; i < log.pages.size(); ++i) sum += gains.of(static_cast<std::int64_t>(i))[0];
  return sum / static_cast<double>(log.pages.size());
}

}  // namespace

TEST_CASE("share and delays of purchases are found though the log ends before many of them") {
  const std::vector<ClickedSlotAge> slots = clicks_with_delays(60000, 0.2, 8 * kDay);
  CHECK(seen_share(slots) < 0.155);
  const auto exponential = fit_purchase_delays(slots, DelayForm::exponential);
  REQUIRE(exponential);
  CHECK(exponential->share == Approx(0.2).epsilon(0.03));
  CHECK(exponential->mean == Approx(8 * kDay).epsilon(0.05));
  const auto limit = fit_purchase_delays(slots, DelayForm::product_limit);
  REQUIRE(limit);
  const double oldest = 1 - std::exp(-30.0 / 8);  // what is later than 30 days is never seen
  CHECK(limit->share == Approx(0.2 * oldest).epsilon(0.05));
  for (const double days : {1.0, 3.0, 8.0, 20.0})
    CHECK(limit->within(days * kDay) == Approx((1 - std::exp(-days / 8)) / oldest).epsilon(0.06));
}

TEST_CASE("the product limit of a small truncated sample is counted by hand") {
  // Delays 1, 2 and 2 on pages of age 1, 3 and 9; delay 5 on one of age 9.
  const std::vector<ClickedSlotAge> slots{{1, 1}, {3, 2}, {9, 2}, {9, 5}, {4, std::nullopt}};
  const auto fit = fit_purchase_delays(slots, DelayForm::product_limit);
  REQUIRE(fit);
  CHECK(fit->within(5) == 1);
  CHECK(fit->within(2) == Approx(1 - 1.0 / 2));  // at 5: it and the 2 of the page of age 9
  CHECK(fit->within(4.9) == Approx(0.5));
  // At 2 both that are at risk ended: how many would be below is not known, and the product stays as it is.
  CHECK(fit->within(1) == Approx(0.5));
  CHECK(fit->within(0.5) == 0);
}

TEST_CASE("one EM solution of the exponential form satisfies its likelihood equations") {
  const std::vector<ClickedSlotAge> slots = clicks_with_delays(500, 0.3, 6 * kDay);
  const PurchaseDelayFit fit = *fit_purchase_delays(slots, DelayForm::exponential);
  const auto likelihood = [&](double share, double mean) {
    double sum = 0;
    for (const ClickedSlotAge& slot : slots)
      sum += slot.delay ? std::log(share) - std::log(mean) - *slot.delay / mean
                        : std::log(1 - share + share * std::exp(-slot.age / mean));
    return sum;
  };
  const double best = likelihood(fit.share, fit.mean);
  for (const double factor : {0.98, 1.02}) {
    CHECK(likelihood(fit.share * factor, fit.mean) < best);
    CHECK(likelihood(fit.share, fit.mean * factor) < best);
  }
}

TEST_CASE("purchases are weighted by the product limit as counted by hand") {
  // Pages of age 2, 8, 4, 9, 8 and 5 days, all clicked; bought from after 1, 1, 3, 3, 6 days and never.
  //   at 6: three of delay <= 6 on pages at least 6 days old, one of delay 6:   F(3 to 6) = 1 - 1/3 = 2/3
  //   at 3: three of delay <= 3 on pages at least 3 days old, two of delay 3:   F(1 to 3) = 2/3 x 1/3 = 2/9
  FeedbackLog log = log_of_late_purchases(0);
  const auto end = static_cast<std::int64_t>(100 * kDay);
  for (const auto& [age, delay] : {std::pair(2, 1), {8, 1}, {4, 3}, {9, 3}, {8, 6}, {5, -1}}) {
    LoggedPage page;
    page.page.sections = {{0, {0, 1}}};
    page.timestamp = end - age * static_cast<std::int64_t>(kDay);
    page.events = {{EventKind::click, 0, page.timestamp, {}, 1}};
    if (delay >= 0)
      page.events.push_back(
          {EventKind::purchase, 0, page.timestamp + delay * static_cast<std::int64_t>(kDay), 100, 1});
    log.pages.push_back(page);
  }
  GainConfig config = delayed(DelayedPurchases::weight, DelayForm::product_limit);
  const auto gains_of = [&] {
    const ItemGains gains(config, log);
    std::vector<double> first;
    for (std::int64_t page = 0; page < 6; ++page) {
      first.push_back(gains.of(page)[0]);
      CHECK(gains.of(page)[1] == 0);
    }
    return first;
  };
  const std::vector<double> weights{9.0 / 2, 1, 3.0 / 2, 1, 1, 0};
  std::vector<double> found = gains_of();
  for (std::size_t page = 0; page < weights.size(); ++page)
    CHECK(found[page] == Approx(1 + 5 * weights[page]));
  config.max_weight = 2;
  found = gains_of();
  for (std::size_t page = 0; page < weights.size(); ++page)
    CHECK(found[page] == Approx(1 + 5 * std::min(weights[page], 2.0)));
}

TEST_CASE("an eventual purchase is counted in expectation at every age") {
  PurchaseDelayFit fit;
  fit.mean = 5 * kDay;
  fit.share = 0.3;
  for (const double days : {0.0, 1.0, 5.0, 40.0}) {
    const double seen = fit.share * fit.within(days * kDay);
    CHECK(seen + (1 - seen) * fit.still_to_come(days * kDay) == Approx(fit.share));
  }
  CHECK(fit.still_to_come(0) == Approx(fit.share));
  fit.share = 1;
  fit.mean = 0;
  CHECK(fit.still_to_come(0) == 0);
}

TEST_CASE("purchase gains of young pages are raised to those of old ones") {
  const FeedbackLog log = log_of_late_purchases(1000);
  // All pages would have 0.1 purchases; those of the last two days have none yet.
  CHECK(mean_first_gain(delayed(DelayedPurchases::none, DelayForm::exponential), log) ==
        Approx(1 + 5 * 0.08));
  // Delays are all of two days: no purchase of an older page is missing, so that weights change nothing
  // there, and none of a younger one is there to be weighted.
  CHECK(mean_first_gain(delayed(DelayedPurchases::weight, DelayForm::product_limit), log) ==
        Approx(1 + 5 * 0.08));
  CHECK(mean_first_gain(delayed(DelayedPurchases::expected, DelayForm::product_limit), log) ==
        Approx(1 + 5 * (0.08 + 0.2 * 0.08)));
  GainConfig clipped = delayed(DelayedPurchases::weight, DelayForm::exponential);
  clipped.max_weight = 1;
  CHECK(mean_first_gain(clipped, log) == Approx(1 + 5 * 0.08));
}

TEST_CASE("weights and expectations come to the mean of all purchases, late ones included") {
  FeedbackLog log = log_of_late_purchases(0);
  const auto end = static_cast<std::int64_t>(100 * kDay);
  CounterRandom random(4, RandomStream::feedback);
  double all = 0;
  const int pages = 40000;
  for (int n = 0; n < pages; ++n) {
    LoggedPage page;
    page.page.sections = {{0, {0, 1}}};
    page.timestamp = end - static_cast<std::int64_t>((1 + 19 * random.uniform()) * kDay);
    page.events = {{EventKind::click, 0, page.timestamp, {}, 1}};
    const auto bought = page.timestamp + static_cast<std::int64_t>(-6 * kDay * std::log1p(-random.uniform()));
    const bool buys = random.uniform() < 0.3;
    all += buys;
    if (buys && bought <= end) page.events.push_back({EventKind::purchase, 0, bought, 100, 1});
    log.pages.push_back(page);
  }
  const double truth = 1 + 5 * all / pages;
  CHECK(mean_first_gain(delayed(DelayedPurchases::none, DelayForm::exponential), log) < 0.9 * truth);
  for (const DelayedPurchases kind : {DelayedPurchases::weight, DelayedPurchases::expected})
    CHECK(mean_first_gain(delayed(kind, DelayForm::exponential), log) == Approx(truth).epsilon(0.02));
}

TEST_CASE("times that are missing or out of order are counted and named, and no purchase is no error") {
  const GainConfig config = delayed(DelayedPurchases::weight, DelayForm::exponential);
  const auto error = [&](const FeedbackLog& log, const GainConfig& gains) {
    return test::error_text([&] { purchase_delays(gains, log); });
  };
  FeedbackLog log = log_of_late_purchases(100);
  log.pages[3].timestamp = log.pages[4].timestamp = 0;
  CHECK(test::contains(error(log, config), "2 of 100 training and validation pages have no timestamp"));
  log = log_of_late_purchases(100);
  log.pages[5].events.back().timestamp = 0;
  REQUIRE(log.pages[5].events.back().kind == EventKind::purchase);
  CHECK(test::contains(error(log, config), "1 of 8 purchases have no timestamp"));
  GainConfig early = config;
  early.log_end = static_cast<std::int64_t>(98 * kDay);
  CHECK(test::contains(error(log_of_late_purchases(100), early),
                       "20 training and validation pages and 2 of their purchases are younger than log_end"));
  // Pages of validation users are corrected too, so that they count; those of test users are not looked at.
  for (const Split split : {Split::valid, Split::test}) {
    log = log_of_late_purchases(100);
    log.requests.push_back(log.requests[0]);
    log.requests[1].split = split;
    log.pages[7].request = 1;
    log.pages[7].timestamp = static_cast<std::int64_t>(101 * kDay);
    CHECK(test::contains(error(log, config), "1 training and validation pages and 0 of their purchases") ==
          (split == Split::valid));
  }
  log = log_of_late_purchases(100);
  log.pages[5].events.back().timestamp = log.pages[5].timestamp - 100;
  CHECK(std::isfinite(mean_first_gain(config, log)));
  for (LoggedPage& page : log.pages) page.events.resize(1);
  for (const DelayForm form : {DelayForm::exponential, DelayForm::product_limit})
    CHECK(mean_first_gain(delayed(DelayedPurchases::expected, form), log) == 1);
  // Everything is bought at once: nothing is corrected, and nothing divides by zero.
  for (LoggedPage& page : log.pages) page.events.push_back({EventKind::purchase, 0, page.timestamp, 100, 1});
  for (const DelayForm form : {DelayForm::exponential, DelayForm::product_limit})
    for (const DelayedPurchases kind : {DelayedPurchases::weight, DelayedPurchases::expected})
      CHECK(mean_first_gain(delayed(kind, form), log) == Approx(6));
}

}  // namespace pagewright
