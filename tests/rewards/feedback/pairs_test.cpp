#include "rewards/feedback/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/config/config_file.hpp"
#include "rewards/feedback/near_duplicate.hpp"
#include "rewards/feedback/pair_families.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// A simulated log without second pages that have the items of the first, so that the items of a pair's
/// better page tell which page it was made of.
FeedbackLog log_of_distinct_pages() {
  FeedbackLog log = simulate_log(test::small_world(3, 2500, 20));
  std::set<std::pair<std::int64_t, std::vector<std::int32_t>>> seen;
  std::erase_if(log.pages, [&](const LoggedPage& page) {
    std::vector<std::int32_t> items = page.page.items();
    std::sort(items.begin(), items.end());
    return !seen.emplace(page.request, items).second;
  });
  return log;
}

GainConfig gains_of_given_propensities() {
  GainConfig gains;
  gains.propensities = PropensitySource::given;
  gains.given_propensities = {1, 0.9, 0.8, 0.7, 0.65, 0.6, 0.5, 0.4};
  return gains;
}

/// A log with everything that pairs are made of.
struct PairCase {
  PageSchema schema = test::carousel_and_grid();
  FeedbackLog log = log_of_distinct_pages();
  GainConfig gains = gains_of_given_propensities();
  GainWeights weights = gain_weights(gains, log);
  PositionPropensities propensities{gains.given_propensities, gains.max_weight};
  PairConfig config;

  PairSet pairs(Split split = Split::train, std::uint64_t seed = 1) const {
    return make_pairs(log, schema, ItemGains(gains, log), config, split, seed);
  }
  const Request& request(const PagePair& pair) const {
    return log.requests[static_cast<std::size_t>(pair.request)].request;
  }
  /// The logged page that a pair was made of, by its gains by candidate; engaged candidates only.
  std::map<std::int32_t, double> engaged(const PagePair& pair) const {
    for (const LoggedPage& page : log.pages) {
      if (page.request != pair.request) continue;
      std::vector<std::int32_t> items = page.page.items(), wanted = pair.better.items();
      const std::vector<double> gains_of_page = slot_gains(weights, request(pair), page);
      std::map<std::int32_t, double> found;
      for (std::size_t k = 0; k < items.size(); ++k)
        if (gains_of_page[k] > 0)
          found[items[k]] = propensities.inverse(static_cast<int>(k)) * gains_of_page[k];
      std::sort(items.begin(), items.end());
      std::sort(wanted.begin(), wanted.end());
      if (items == wanted) return found;
    }
    return {};
  }
};

const PairCase& pair_case() {
  static const PairCase shared;
  return shared;
}

std::set<std::int32_t> item_set(const Page& page) {
  const std::vector<std::int32_t> items = page.items();
  return {items.begin(), items.end()};
}

std::map<std::string, int> categories_of(const Request& request, const Page& page) {
  std::map<std::string, int> counts;
  for (const std::int32_t item : page.items())
    ++counts[request.candidates[static_cast<std::size_t>(item)].category];
  return counts;
}

/// Slots in which the pages differ.
std::vector<std::size_t> differing_slots(const PagePair& pair) {
  const std::vector<std::int32_t> better = pair.better.items(), worse = pair.worse.items();
  std::vector<std::size_t> slots;
  for (std::size_t k = 0; k < better.size(); ++k)
    if (better[k] != worse[k]) slots.push_back(k);
  return slots;
}

double engaged_dcg(const std::map<std::int32_t, double>& gains, const Page& page) {
  double sum = 0;
  const std::vector<std::int32_t> items = page.items();
  for (std::size_t k = 0; k < items.size(); ++k)
    if (gains.contains(items[k])) sum += gains.at(items[k]) / std::log2(static_cast<double>(k) + 2);
  return sum;
}

}  // namespace

TEST_CASE("every pair is of two different valid pages of a training request and has a weight in (0, 1]") {
  const PairCase& c = pair_case();
  const PairSet set = c.pairs();
  std::array<std::int64_t, kPairFamilies> count{};
  for (const PagePair& pair : set.pairs) {
    CHECK(c.log.requests[static_cast<std::size_t>(pair.request)].split == Split::train);
    CHECK(page_violations(c.schema, c.request(pair), pair.better).empty());
    CHECK(page_violations(c.schema, c.request(pair), pair.worse).empty());
    CHECK(pair.better != pair.worse);
    CHECK(pair.weight > 0);
    CHECK(pair.weight <= 1);
    ++count[static_cast<std::size_t>(pair.family)];
  }
  CHECK(count == set.count);
  for (std::size_t family = 0; family < kPairFamilies; ++family) {
    INFO(pair_family_name(static_cast<PairFamily>(family)));
    CHECK(count[family] > 50);
    CHECK(set.empty_because[family].empty());
  }
  CHECK(set.hard > 10);
  CHECK(set.unseen > 10);
}

TEST_CASE("a relevance pair replaces engaged items by passed-over candidates and keeps the rest in place") {
  const PairCase& c = pair_case();
  int hard = 0, seen = 0;
  for (const PagePair& pair : c.pairs().pairs) {
    if (pair.family != PairFamily::relevance) continue;
    const Request& request = c.request(pair);
    const auto engaged = c.engaged(pair);
    const std::vector<std::size_t> slots = differing_slots(pair);
    REQUIRE(slots.size() >= 1);
    REQUIRE(slots.size() <= static_cast<std::size_t>(c.config.replaced));
    for (const std::size_t slot : slots) {
      CHECK(engaged.contains(pair.better.items()[slot]));
      const std::int32_t replacement = pair.worse.items()[slot];
      CHECK_FALSE(item_set(pair.better).contains(replacement));
      // Shown to this user elsewhere, at or above the last engagement, never engaged with; or never shown.
      const std::string& id = request.candidates[static_cast<std::size_t>(replacement)].id;
      bool shown = false, skipped = false, wanted = false;
      for (const LoggedPage& page : c.log.pages) {
        const Request& other = c.log.requests[static_cast<std::size_t>(page.request)].request;
        if (other.user != request.user) continue;
        const std::vector<std::int32_t> items = page.page.items();
        const std::vector<double> gains = slot_gains(c.weights, other, page);
        std::size_t last = 0;
        for (std::size_t k = 0; k < items.size(); ++k)
          if (gains[k] > 0) last = k + 1;
        for (std::size_t k = 0; k < items.size(); ++k) {
          if (other.candidates[static_cast<std::size_t>(items[k])].id != id) continue;
          shown = true;
          wanted = wanted || gains[k] > 0;
          skipped = skipped || (gains[k] == 0 && k < last);
        }
      }
      CHECK_FALSE(wanted);
      CHECK(pair.unseen == !shown);
      if (!pair.unseen) CHECK(skipped);
    }
    if (pair.hard) CHECK(categories_of(request, pair.better) == categories_of(request, pair.worse));
    if (pair.unseen) CHECK(pair.weight <= c.config.unseen_weight);
    hard += pair.hard;
    seen += !pair.unseen;
  }
  CHECK(hard > 10);
  CHECK(seen > hard);
}

TEST_CASE("a ranking pair has one set of items, and the better page puts gains earlier") {
  const PairCase& c = pair_case();
  int swaps = 0, whole = 0;
  for (const PagePair& pair : c.pairs().pairs) {
    if (pair.family != PairFamily::ranking) continue;
    CHECK(item_set(pair.better) == item_set(pair.worse));
    const auto engaged = c.engaged(pair);
    CHECK(engaged_dcg(engaged, pair.better) > engaged_dcg(engaged, pair.worse));
    (differing_slots(pair).size() == 2 ? swaps : whole) += 1;
  }
  CHECK(swaps > 100);
  CHECK(whole > 20);
}

TEST_CASE("a diversity pair lets one category dominate and keeps every engaged item in place") {
  const PairCase& c = pair_case();
  for (const PagePair& pair : c.pairs().pairs) {
    if (pair.family != PairFamily::diversity) continue;
    const auto largest = [&](const Page& page) {
      int most = 0;
      for (const auto& [category, count] : categories_of(c.request(pair), page)) most = std::max(most, count);
      return most / 8.0;
    };
    CHECK(largest(pair.worse) > c.config.diversity_share);
    CHECK(largest(pair.better) <= c.config.diversity_share);
    const auto engaged = c.engaged(pair);
    CHECK_FALSE(engaged.empty());
    for (const std::size_t slot : differing_slots(pair))
      CHECK_FALSE(engaged.contains(pair.better.items()[slot]));
  }
}

TEST_CASE(
    "a redundancy pair only adds near-duplicates of what stays or was bought, in slots without engagement") {
  const PairCase& c = pair_case();
  for (const PagePair& pair : c.pairs().pairs) {
    if (pair.family != PairFamily::redundancy) continue;
    const Request& request = c.request(pair);
    const auto engaged = c.engaged(pair);
    const std::vector<std::size_t> slots = differing_slots(pair);
    REQUIRE(slots.size() <= static_cast<std::size_t>(c.config.replaced));
    for (const std::size_t slot : slots) {
      CHECK_FALSE(engaged.contains(pair.better.items()[slot]));
      const Item& copy = request.candidates[static_cast<std::size_t>(pair.worse.items()[slot])];
      bool redundant = false;
      for (std::size_t k = 0; k < 8; ++k)
        redundant =
            redundant ||
            (k != slot &&
             near_duplicates(request.candidates[static_cast<std::size_t>(pair.worse.items()[k])], copy));
      for (const HistoryAction& action : request.history)
        redundant = redundant || (action.kind == ActionKind::purchase && near_duplicates(action.item, copy));
      CHECK(redundant);
    }
  }
}

TEST_CASE(
    "natural pairs are exactly the page pairs of one request whose utilities differ by more than the "
    "margin") {
  const PairCase& c = pair_case();
  std::map<std::int64_t, std::vector<const LoggedPage*>> by_request;
  for (const LoggedPage& page : c.log.pages)
    if (c.log.requests[static_cast<std::size_t>(page.request)].split == Split::train)
      by_request[page.request].push_back(&page);
  std::int64_t expected = 0, at_margin = 0;
  for (const auto& [request, pages] : by_request) {
    if (pages.size() < 2 || pages[0]->page == pages[1]->page) continue;
    const Request& r = c.log.requests[static_cast<std::size_t>(request)].request;
    const double gap =
        std::abs(page_utility(c.weights, r, *pages[0]) - page_utility(c.weights, r, *pages[1]));
    expected += gap > 1.0;
    at_margin += gap == 1.0;
  }
  const PairSet set = c.pairs();
  CHECK(set.count[static_cast<std::size_t>(PairFamily::natural)] == expected);
  CHECK(at_margin > 20);
  for (const PagePair& pair : set.pairs) {
    if (pair.family != PairFamily::natural) continue;
    double better = 0, worse = 0;
    for (const LoggedPage* page : by_request.at(pair.request))
      (page->page == pair.better ? better : worse) = page_utility(c.weights, c.request(pair), *page);
    CHECK(better > worse + c.config.margin);
  }
}

TEST_CASE("pairs are a function of the seed, and other splits do not matter") {
  const PairCase& c = pair_case();
  const auto key = [](const PairSet& set) {
    std::vector<std::vector<std::int32_t>> pages;
    for (const PagePair& pair : set.pairs) pages.push_back(pair.worse.items());
    return pages;
  };
  CHECK(key(c.pairs()) == key(c.pairs()));
  CHECK(key(c.pairs()) != key(c.pairs(Split::train, 2)));
  PairCase other = c;
  for (LoggedPage& page : other.log.pages)
    if (other.log.requests[static_cast<std::size_t>(page.request)].split != Split::train) page.events.clear();
  CHECK(key(c.pairs()) == key(other.pairs()));
  CHECK(other.pairs(Split::valid).empty_because[0] == "no page of the split has an engagement");
  CHECK(c.pairs(Split::valid).count[1] > 10);
}

TEST_CASE("families that a log cannot fill say why") {
  PairCase c = pair_case();
  c.log.pages.resize(400);
  // Only the items on the page are candidates, and every request is shown once.
  FeedbackLog full;
  for (LoggedPage page : c.log.pages) {
    LoggedRequest request = c.log.requests[static_cast<std::size_t>(page.request)];
    std::vector<Item> shown;
    for (const std::int32_t item : page.page.items())
      shown.push_back(request.request.candidates[static_cast<std::size_t>(item)]);
    request.request.candidates = shown;
    page.page.sections = {{0, {0, 1, 2, 3}}, {1, {4, 5, 6, 7}}};
    page.request = static_cast<std::int64_t>(full.requests.size());
    full.requests.push_back(request);
    full.pages.push_back(page);
  }
  c.log = full;
  const PairSet set = c.pairs();
  CHECK(set.count[static_cast<std::size_t>(PairFamily::ranking)] > 50);
  for (const PairFamily family : {PairFamily::relevance, PairFamily::diversity, PairFamily::redundancy}) {
    CHECK(set.count[static_cast<std::size_t>(family)] == 0);
    CHECK(set.empty_because[static_cast<std::size_t>(family)] == "every candidate is on its page");
  }
  CHECK(set.empty_because[static_cast<std::size_t>(PairFamily::natural)] == "no request was shown twice");
}

TEST_CASE("swap pairs weigh discount and gain gaps and say which order is right") {
  const PairCase& c = pair_case();
  const std::vector<SwapPair> swaps = make_swap_pairs(c.log, ItemGains(c.gains, c.log), Split::train);
  std::map<std::int64_t, std::int64_t> by_page;
  for (const SwapPair& swap : swaps) {
    const LoggedPage& page = c.log.pages[static_cast<std::size_t>(swap.page)];
    const Request& request = c.log.requests[static_cast<std::size_t>(page.request)].request;
    const std::vector<double> gains = slot_gains(c.weights, request, page);
    const auto debiased = [&](int k) {
      return gains[static_cast<std::size_t>(k)] * c.propensities.inverse(k);
    };
    REQUIRE(swap.i < swap.j);
    REQUIRE(debiased(swap.i) != debiased(swap.j));
    CHECK(swap.first_better == (debiased(swap.i) > debiased(swap.j)));
    const double trust = std::min(1.0, engagements(page) / 3.0);
    const double discounts = 1 / std::log2(swap.i + 2.0) - 1 / std::log2(swap.j + 2.0);
    CHECK(swap.weight == Approx(discounts * std::abs(debiased(swap.i) - debiased(swap.j)) * trust));
    ++by_page[swap.page];
  }
  // One engaged slot differs from seven others.
  for (const auto& [index, count] : by_page) {
    const LoggedPage& page = c.log.pages[static_cast<std::size_t>(index)];
    if (engagements(page) == 1) CHECK(count == 7);
  }
  const Page swapped = swap_slots(Page{{{0, {5, 6}}, {1, {7, 8}}}}, 1, 2);
  CHECK(swapped == Page{{{0, {5, 7}}, {1, {6, 8}}}});
}

TEST_CASE("the configuration of pairs is read and checked") {
  const ConfigFile file = parse_config("{margin: 2, replaced: 3, unseen_weight: 0}\n", "a.yaml");
  const PairConfig config = PairConfig::from(file.root());
  file.finish();
  CHECK(config.margin == 2);
  CHECK(config.replaced == 3);
  PairCase c = pair_case();
  c.config = config;
  CHECK(c.pairs().unseen == 0);
  const ConfigFile wrong = parse_config("{diversity_share: 1}\n", "b.yaml");
  PairConfig::from(wrong.root());
  CHECK(wrong.errors().size() == 1);
}

}  // namespace pagewright
