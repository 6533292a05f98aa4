#include "tests/rewards/feedback/debias/debias_support.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "core/base/rng.hpp"
#include "rewards/feedback/pairs.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"

namespace pagewright::test {
namespace {

constexpr double kCarousel = 0.7, kRow = 0.6, kColumn = 0.8, kSection = 0.35;

/// True gain of an item that is looked at.
double true_gain(const SlotTruth& slot, const GainWeights& weights) {
  return slot.attractiveness *
         (weights.click + slot.purchase_given_click * weights.purchase_gain(slot.price));
}

struct ItemSums {
  double impressions = 0, debiased = 0, truth = 0;
};

/// Net weight of the swaps in which an item of the pair is the better one.
struct PairSums {
  double pages = 0, first_better = 0;
};

using Pairs = std::map<std::pair<std::int64_t, std::int64_t>, PairSums>;

void add_swap(Pairs& pairs, std::int64_t better, std::int64_t worse, double weight) {
  PairSums& pair = pairs[std::minmax(better, worse)];
  pair.first_better += better < worse ? weight : -weight;
}

}  // namespace

World biased_world(std::int64_t pages, std::uint64_t seed) {
  SimulatorConfig config;
  config.pages = pages;
  config.test_requests = 20;
  config.catalogue.train_items = 120;
  config.catalogue.test_items = 40;
  config.candidates.count = 20;
  config.examination.section = kSection;
  config.examination.carousel = kCarousel;
  config.examination.grid_row = kRow;
  config.examination.grid_column = kColumn;
  config.examination.mobile = 1;
  config.clicks = {.bias = -1.0, .match = 0, .quality = 1.0, .price = 0, .ad = 0};
  config.clicks.new_category = config.clicks.same_category = config.clicks.same_brand = 0;
  config.clicks.near_duplicate = config.clicks.bought = config.clicks.random_clicks = 0;
  config.clicks.missed_clicks = 0;
  config.purchases = {.bias = -1.5, .match = 0, .quality = 0.5, .price = 0};
  config.logging.match = config.logging.match_noise = 0;
  config.logging.quality = 0.8;
  config.logging.uniform_share = 0.1;
  return World(config, carousel_and_grid(), seed);
}

std::vector<double> biased_examination() {
  std::vector<double> look;
  for (int k = 0; k < 4; ++k) look.push_back(std::pow(kCarousel, k));
  for (int k = 0; k < 4; ++k) look.push_back(kSection * std::pow(kRow, k / 2) * std::pow(kColumn, k % 2));
  return look;
}

std::vector<double> strong_trust() {
  return {0.5, 0.35, 0.25, 0.2, 0.1, 0.08, 0.05, 0.03};
}

void add_trust_bias(FeedbackLog& log, const World& world, const std::vector<double>& trust,
                    std::uint64_t seed) {
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    LoggedPage& page = log.pages[i];
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    const PageTruth truth = world.truth(request, page.page);
    page.events.clear();
    CounterRandom random(seed, RandomStream::feedback, 1, i);
    for (std::size_t k = 0; k < truth.slots.size(); ++k) {
      const SlotTruth& slot = truth.slots[k];
      const double look = random.uniform(), liking = random.uniform(), trusting = random.uniform(),
                   wallet = random.uniform();
      const bool relevant = liking < slot.attractiveness;
      if (look >= slot.examination || !(relevant || trusting < trust[k])) continue;
      const auto place = static_cast<std::int32_t>(k);
      page.events.push_back({EventKind::click, place, page.timestamp + 1, {}, 1});
      if (relevant && wallet < slot.purchase_given_click)
        page.events.push_back({EventKind::purchase, place, page.timestamp + 2, std::llround(slot.price), 1});
    }
  }
}

GainError gain_error(const World& world, const FeedbackLog& log, const ItemGains& gains) {
  std::unordered_map<std::int64_t, ItemSums> items;
  Pairs pairs;
  const auto item_of = [&](const LoggedPage& page, std::size_t slot) {
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    return world.item_index(request.candidates[static_cast<std::size_t>(page.page.items()[slot])].id);
  };
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedPage& page = log.pages[i];
    if (!gains.config().learns_from(log, page, Split::train)) continue;
    const PageTruth truth =
        world.truth(log.requests[static_cast<std::size_t>(page.request)].request, page.page);
    const std::vector<double> debiased = gains.of(static_cast<std::int64_t>(i));
    std::vector<std::int64_t> shown;
    for (std::size_t k = 0; k < debiased.size(); ++k) {
      shown.push_back(item_of(page, k));
      ItemSums& item = items[shown[k]];
      item.impressions += 1;
      item.debiased += debiased[k];
      item.truth += true_gain(truth.slots[k], gains.weights());
      for (std::size_t above = 0; above < k; ++above) pairs[std::minmax(shown[k], shown[above])].pages += 1;
    }
  }
  double mt = 0, mm = 0, tt = 0, all_truth = 0, all = 0;
  for (const auto& [index, item] : items) {
    mt += item.debiased * item.truth / item.impressions;
    mm += item.debiased * item.debiased / item.impressions;
    tt += item.truth * item.truth / item.impressions;
    all_truth += item.truth;
    all += item.impressions;
  }
  for (const SwapPair& swap : make_swap_pairs(log, gains, Split::train)) {
    const LoggedPage& page = log.pages[static_cast<std::size_t>(swap.page)];
    const auto i = item_of(page, static_cast<std::size_t>(swap.i)),
               j = item_of(page, static_cast<std::size_t>(swap.j));
    add_swap(pairs, swap.first_better ? i : j, swap.first_better ? j : i, swap.weight);
  }
  double wrong = 0, judged = 0;
  for (const auto& [pair, sums] : pairs) {
    if (sums.pages < 10) continue;
    const ItemSums &first = items[pair.first], &second = items[pair.second];
    const bool truly = first.truth / first.impressions > second.truth / second.impressions;
    judged += 1;
    wrong += truly ? sums.first_better <= 0 : sums.first_better >= 0;
  }
  return {std::sqrt(std::max(tt - mt * mt / mm, 0.0) / all) / (all_truth / all),
          judged > 0 ? wrong / judged : 0};
}

}  // namespace pagewright::test
