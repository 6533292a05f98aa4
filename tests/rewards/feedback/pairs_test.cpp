#include "rewards/feedback/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "core/config/config_file.hpp"
#include "rewards/feedback/item_space.hpp"
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
  CHECK(set.empty_because[static_cast<std::size_t>(PairFamily::natural)].starts_with(
      "no request was shown twice"));
}

TEST_CASE("every page either gives a pair of a constructed family or a reason why not") {
  const PairCase& c = pair_case();
  std::int64_t pages = 0;
  for (const LoggedPage& page : c.log.pages) pages += c.gains.learns_from(c.log, page, Split::train);
  const PairSet set = c.pairs();
  for (std::size_t family = 0; family < 4; ++family) {
    std::int64_t accounted = set.count[family];
    for (const auto& [reason, count] : set.notes[family].pages_without) accounted += count;
    CHECK(accounted == pages);
    double weight = 0;
    for (const PagePair& pair : set.pairs)
      if (static_cast<std::size_t>(pair.family) == family) weight += pair.weight;
    CHECK(set.notes[family].weight == Approx(weight));
    CHECK(set.notes[family].duplicates == 0);
    CHECK(set.notes[family].pages_without.at("without engagement") > 10);
  }
  CHECK(set.notes[4].pages_without.at("whose request was shown once") > 100);
}

TEST_CASE(
    "a diversity pair keeps the number of engaged items, and no family makes a pair of equal pages or "
    "twice") {
  PairCase c = pair_case();
  // Every page a second time: each constructed pair is made again wherever nothing is drawn.
  const std::size_t pages = c.log.pages.size();
  for (std::size_t p = 0; p < pages; ++p) {
    c.log.pages.push_back(c.log.pages[p]);
    c.log.pages.back().page_id += "-again";
  }
  const PairSet set = c.pairs();
  using Key = std::tuple<std::int64_t, int, std::vector<std::int32_t>, std::vector<std::int32_t>>;
  std::set<Key> seen;
  std::int64_t duplicates = 0;
  for (const PagePair& pair : set.pairs) {
    CHECK(pair.better != pair.worse);
    if (pair.family == PairFamily::natural) continue;
    CHECK(seen.emplace(pair.request, static_cast<int>(pair.family), pair.better.items(), pair.worse.items())
              .second);
    if (pair.family != PairFamily::diversity) continue;
    const auto engaged = c.engaged(pair);
    const auto of_page = [&](const Page& page) {
      const auto items = item_set(page);
      return std::count_if(items.begin(), items.end(),
                           [&](std::int32_t item) { return engaged.contains(item); });
    };
    CHECK(of_page(pair.better) == of_page(pair.worse));
    CHECK(of_page(pair.better) == static_cast<std::ptrdiff_t>(engaged.size()));
  }
  for (const FamilyNotes& notes : set.notes) {
    duplicates += notes.duplicates;
    if (notes.duplicates > 0)
      CHECK(notes.pages_without.at("whose pair another page gave") == notes.duplicates);
  }
  CHECK(duplicates > 100);
  CHECK(set.notes[4].duplicates == 0);
}

TEST_CASE("hard negatives by embedding are the nearest passed-over candidates and nearer than half of all") {
  PairCase c = pair_case();
  c.config.hard_by = HardBy::embedding;
  c.config.hard_share = 1;
  c.config.replaced = 1;
  const ItemSpace space(c.log, "");
  const PairSet set = c.pairs();
  int checked = 0;
  for (const PagePair& pair : set.pairs) {
    if (!pair.hard) continue;
    REQUIRE(pair.family == PairFamily::relevance);
    const Request& request = c.request(pair);
    const std::size_t slot = differing_slots(pair).at(0);
    const auto item = [&](std::int32_t candidate) -> const Item& {
      return request.candidates[static_cast<std::size_t>(candidate)];
    };
    const std::int32_t replaced = pair.better.items()[slot], chosen = pair.worse.items()[slot];
    const double own = space.distance(item(replaced), item(chosen));
    int nearer = 0;
    for (std::int32_t candidate = 0; candidate < 20; ++candidate)
      nearer += candidate != replaced && space.distance(item(replaced), item(candidate)) <= own;
    CHECK(nearer <= 10);
    ++checked;
  }
  CHECK(checked > 100);
  // They are nearer than what is drawn by chance.
  const auto mean_distance = [&](double share) {
    c.config.hard_share = share;
    double sum = 0, count = 0;
    for (const PagePair& pair : c.pairs().pairs) {
      if (pair.family != PairFamily::relevance || pair.unseen) continue;
      const std::size_t slot = differing_slots(pair).at(0);
      const auto& candidates = c.request(pair).candidates;
      sum += space.distance(candidates[static_cast<std::size_t>(pair.better.items()[slot])],
                            candidates[static_cast<std::size_t>(pair.worse.items()[slot])]);
      count += 1;
    }
    return sum / count;
  };
  CHECK(mean_distance(1) < 0.9 * mean_distance(0));
}

TEST_CASE("hard_share is the share of relevance pairs that look for a hard negative") {
  PairCase c = pair_case();
  c.config.hard_share = 0;
  CHECK(c.pairs().hard == 0);
  c.config.hard_share = 1;
  const std::int64_t most = c.pairs().hard;
  c.config.hard_share = 0.5;
  const std::int64_t half = c.pairs().hard;
  CHECK(half > 0.4 * static_cast<double>(most));
  CHECK(half < 0.6 * static_cast<double>(most));
}

TEST_CASE("with a request baseline a log without repeats yields natural pairs across requests of the split") {
  PairCase c = pair_case();
  std::set<std::int64_t> shown;
  std::erase_if(c.log.pages, [&](const LoggedPage& page) { return !shown.insert(page.request).second; });
  const auto natural = static_cast<std::size_t>(PairFamily::natural);
  CHECK(c.pairs().count[natural] == 0);
  c.config.request_baseline = RequestBaseline::without_repeats;
  const PairSet set = c.pairs();
  CHECK(set.count[natural] > 100);
  CHECK(set.across == set.count[natural]);
  for (const PagePair& pair : set.pairs) {
    CHECK(pair.worse_request.has_value() == (pair.family == PairFamily::natural));
    if (!pair.worse_request) continue;
    CHECK(*pair.worse_request != pair.request);
    CHECK(c.log.requests[static_cast<std::size_t>(*pair.worse_request)].split == Split::train);
    const Request& other = c.log.requests[static_cast<std::size_t>(*pair.worse_request)].request;
    CHECK(page_violations(c.schema, other, pair.worse).empty());
  }
  // Where requests repeat, the natural pairs are those of one request, unless both are asked for.
  PairCase repeats = pair_case();
  const std::int64_t of_one = repeats.pairs().count[natural];
  repeats.config.request_baseline = RequestBaseline::without_repeats;
  CHECK(repeats.pairs().count[natural] == of_one);
  repeats.config.request_baseline = RequestBaseline::always;
  const PairSet both = repeats.pairs();
  CHECK(both.across > 100);
  CHECK(both.count[natural] == of_one + both.across);
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
    const double trust = std::min(1.0, engagements(c.weights, page) / 3.0);
    const double discounts = 1 / std::log2(swap.i + 2.0) - 1 / std::log2(swap.j + 2.0);
    CHECK(swap.weight == Approx(discounts * std::abs(debiased(swap.i) - debiased(swap.j)) * trust));
    ++by_page[swap.page];
  }
  // One engaged slot differs from seven others.
  for (const auto& [index, count] : by_page) {
    const LoggedPage& page = c.log.pages[static_cast<std::size_t>(index)];
    if (engagements(c.weights, page) == 1) CHECK(count == 7);
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
  const ConfigFile wrong = parse_config("{diversity_share: 1, hard_share: 2}\n", "b.yaml");
  PairConfig::from(wrong.root());
  CHECK(wrong.errors().size() == 2);
  const ConfigFile weights = parse_config(
      "{hard_by: embedding, request_baseline: always, family_weights: {natural: 0, ranking: 2}, file: "
      "a.jsonl}\n",
      "c.yaml");
  const PairConfig weighted = PairConfig::from(weights.root());
  weights.finish();
  CHECK(weighted.family_weights == FamilyWeights{1, 2, 1, 1, 0});
  CHECK(weighted.hard_by == HardBy::embedding);
  CHECK(weighted.request_baseline == RequestBaseline::always);
  CHECK(weighted.file == "a.jsonl");
  const ConfigFile none = parse_config(
      "family_weights: {natural: 0, ranking: 0, relevance: 0, diversity: 0, redundancy: 0}\n", "d.yaml");
  PairConfig::from(none.root());
  CHECK(none.errors().size() == 1);
}

}  // namespace pagewright
