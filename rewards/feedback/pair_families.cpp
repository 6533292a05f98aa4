#include "rewards/feedback/pair_families.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "rewards/feedback/near_duplicate.hpp"

namespace pagewright {
namespace {

using Slots = std::vector<std::size_t>;

Slots slots_where(const JudgedPage& page, bool engaged) {
  Slots slots;
  for (std::size_t k = 0; k < page.items.size(); ++k)
    if (page.engaged(k) == engaged) slots.push_back(k);
  return slots;
}

const Item& candidate_item(const JudgedPage& page, std::int32_t candidate) {
  return page.request->candidates[static_cast<std::size_t>(candidate)];
}

PagePair pair_of(const JudgedPage& page, PairFamily family, const std::vector<std::int32_t>& worse) {
  PagePair pair;
  pair.better = page.logged->page;
  pair.worse = with_items(page.logged->page, worse);
  pair.family = family;
  return pair;
}

/// Takes a random element that satisfies the condition out of the pool.
template <class Condition>
std::optional<std::int32_t> take_one(std::vector<std::int32_t>& pool, CounterRandom& random,
                                     Condition condition) {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (condition(pool[i])) fitting.push_back(i);
  if (fitting.empty()) return std::nullopt;
  const std::size_t chosen = fitting[random.below(fitting.size())];
  const std::int32_t taken = pool[chosen];
  pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(chosen));
  return taken;
}

/// Takes the candidate that is nearest to the slot's item out of the pool, if it is nearer than half of the
/// request's other candidates.
std::optional<std::int32_t> take_near(std::vector<std::int32_t>& pool, const JudgedPage& page,
                                      std::size_t slot, const ItemSpace& space) {
  const auto distance = [&](std::int32_t candidate) {
    return space.distance(page.item(slot), candidate_item(page, candidate));
  };
  std::vector<double> all;
  for (std::int32_t c = 0; c < static_cast<std::int32_t>(page.request->candidates.size()); ++c)
    if (c != page.items[slot]) all.push_back(distance(c));
  const auto nearest = std::min_element(
      pool.begin(), pool.end(), [&](std::int32_t a, std::int32_t b) { return distance(a) < distance(b); });
  if (nearest == pool.end()) return std::nullopt;
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  if (!(distance(*nearest) < *middle)) return std::nullopt;
  const std::int32_t taken = *nearest;
  pool.erase(nearest);
  return taken;
}

/// Replaces up to config.replaced engaged items by candidates of the pool; by such as are like them if
/// `hard`.
std::optional<PagePair> replace_engaged(const JudgedPage& page, std::vector<std::int32_t> pool, bool hard,
                                        const ItemSpace* space, const PairConfig& config,
                                        CounterRandom& random) {
  Slots engaged = slots_where(page, true);
  random.shuffle(std::span<std::size_t>(engaged));
  std::vector<std::int32_t> worse = page.items;
  int replaced = 0;
  for (const std::size_t slot : engaged) {
    if (replaced == config.replaced) break;
    const auto of_category = [&](std::int32_t candidate) {
      const std::string& category = page.item(slot).category;
      return !hard || (!category.empty() && candidate_item(page, candidate).category == category);
    };
    const auto taken = hard && config.hard_by == HardBy::embedding ? take_near(pool, page, slot, *space)
                                                                   : take_one(pool, random, of_category);
    if (!taken) continue;
    worse[slot] = *taken;
    ++replaced;
  }
  if (replaced == 0) return std::nullopt;
  PagePair pair = pair_of(page, PairFamily::relevance, worse);
  pair.hard = hard;
  return pair;
}

/// Mean of the biases' weights over the pairs of slots that `better` and `worse`, slots of the page as it was
/// shown, put in different orders, and whose gains differ; 1 if there is none.
double mean_pair_weight(const JudgedPage& page, const ItemGains& gains, const Slots& better,
                        const Slots& worse) {
  Slots place(worse.size());  // in the worse page, by slot as shown
  for (std::size_t k = 0; k < worse.size(); ++k) place[worse[k]] = k;
  double sum = 0, count = 0;
  for (std::size_t a = 0; a < better.size(); ++a)
    for (std::size_t b = a + 1; b < better.size(); ++b) {
      const std::size_t high = better[a], low = better[b];
      if (page.item_gains[high] == page.item_gains[low] || place[high] < place[low]) continue;
      sum += gains.pair_weight(static_cast<int>(high), static_cast<int>(low));
      count += 1;
    }
  return count > 0 ? sum / count : 1;
}

std::optional<PagePair> whole_page_ranking(const JudgedPage& page, const ItemGains& gains,
                                           CounterRandom& random) {
  Slots by_gain(page.items.size());
  std::iota(by_gain.begin(), by_gain.end(), std::size_t{0});
  std::stable_sort(by_gain.begin(), by_gain.end(),
                   [&](std::size_t a, std::size_t b) { return page.item_gains[a] > page.item_gains[b]; });
  Slots disordered(by_gain.rbegin(), by_gain.rend());
  if (random.uniform() < 0.5) {
    disordered = by_gain;
    random.shuffle(std::span<std::size_t>(disordered));
  }
  std::vector<std::int32_t> better, worse;
  bool differs = false;
  for (std::size_t k = 0; k < by_gain.size(); ++k) {
    better.push_back(page.items[by_gain[k]]);
    worse.push_back(page.items[disordered[k]]);
    differs = differs || page.item_gains[by_gain[k]] != page.item_gains[disordered[k]];
  }
  if (!differs) return std::nullopt;
  PagePair pair = pair_of(page, PairFamily::ranking, worse);
  pair.better = with_items(page.logged->page, better);
  pair.weight = mean_pair_weight(page, gains, by_gain, disordered);
  return pair;
}

/// How far one category can be filled up on a page.
struct Takeover {
  std::string category;
  Slots slots;                      ///< without engagement and of another category
  std::vector<std::int32_t> fresh;  ///< candidates of the category that are not on the page
  std::size_t missing = 0;          ///< items that it lacks to dominate the page
};

/// Slots of the category that has most of them.
std::size_t largest_category(const JudgedPage& page) {
  std::size_t largest = 0;
  for (std::size_t k = 0; k < page.items.size(); ++k) {
    std::size_t alike = 0;
    for (std::size_t other = 0; other < page.items.size(); ++other)
      alike += !page.item(k).category.empty() && page.item(other).category == page.item(k).category;
    largest = std::max(largest, alike);
  }
  return largest;
}

/// Slots that a category needs to hold more than this share of the page.
std::size_t dominating_slots(const JudgedPage& page, double share) {
  return static_cast<std::size_t>(std::floor(share * static_cast<double>(page.items.size()))) + 1;
}

std::vector<Takeover> possible_takeovers(const JudgedPage& page, std::size_t needed) {
  std::vector<Takeover> found;
  for (const std::int32_t candidate : candidates_off_page(page)) {
    const std::string& category = candidate_item(page, candidate).category;
    if (category.empty()) continue;
    auto known =
        std::find_if(found.begin(), found.end(), [&](const Takeover& t) { return t.category == category; });
    if (known == found.end()) known = found.insert(found.end(), Takeover{category, {}, {}, 0});
    known->fresh.push_back(candidate);
  }
  for (Takeover& takeover : found) {
    std::size_t present = 0;
    for (std::size_t k = 0; k < page.items.size(); ++k) {
      if (page.item(k).category == takeover.category)
        ++present;
      else if (!page.engaged(k))
        takeover.slots.push_back(k);
    }
    takeover.missing = needed - present;
  }
  std::erase_if(found,
                [](const Takeover& t) { return t.missing > t.fresh.size() || t.missing > t.slots.size(); });
  return found;
}

}  // namespace

Page with_items(const Page& page, const std::vector<std::int32_t>& items) {
  Page changed = page;
  auto next = items.begin();
  for (PageSection& section : changed.sections)
    for (std::int32_t& item : section.items) item = *next++;
  return changed;
}

PairAttempt relevance_pair(const JudgedPage& page, const ShownItems& shown, const ItemSpace* space,
                           const PairConfig& config, CounterRandom random) {
  if (page.evidence == 0) return kNoEngagement;
  const bool hard = random.uniform() < config.hard_share;
  std::vector<std::int32_t> skipped = shown.skipped(page);
  if (hard)
    if (auto pair = replace_engaged(page, skipped, true, space, config, random)) return std::move(*pair);
  if (auto pair = replace_engaged(page, std::move(skipped), false, space, config, random))
    return std::move(*pair);
  if (config.unseen_weight == 0) return "without a candidate that was shown elsewhere and passed over";
  auto pair = replace_engaged(page, shown.unseen(page), false, space, config, random);
  if (!pair) return "without a candidate that was passed over elsewhere or never shown";
  pair->unseen = true;
  return std::move(*pair);
}

PairAttempt ranking_pair(const JudgedPage& page, const ItemGains& gains, const PairConfig& config,
                         CounterRandom random) {
  if (random.uniform() < config.reversal_share) {
    auto pair = whole_page_ranking(page, gains, random);
    if (!pair) return page.evidence == 0 ? kNoEngagement : "whose shuffled order is as good";
    return std::move(*pair);
  }
  std::vector<std::pair<std::size_t, std::size_t>> swaps;
  for (std::size_t i = 0; i < page.items.size(); ++i)
    for (std::size_t j = i + 1; j < page.items.size(); ++j)
      if (page.item_gains[i] > page.item_gains[j]) swaps.emplace_back(i, j);
  if (swaps.empty()) return page.evidence == 0 ? kNoEngagement : "with its gains in ascending order";
  const auto [i, j] = swaps[random.below(swaps.size())];
  std::vector<std::int32_t> worse = page.items;
  std::swap(worse[i], worse[j]);
  PagePair pair = pair_of(page, PairFamily::ranking, worse);
  pair.weight = gains.pair_weight(static_cast<int>(i), static_cast<int>(j));
  return pair;
}

PairAttempt diversity_pair(const JudgedPage& page, const ItemRelevance& relevance, const PairConfig& config,
                           CounterRandom random) {
  if (page.evidence == 0) return kNoEngagement;
  const std::size_t needed = dominating_slots(page, config.diversity_share);
  if (largest_category(page) >= needed) return "which one category dominates as it is";
  std::vector<Takeover> takeovers = possible_takeovers(page, needed);
  if (takeovers.empty()) return "without a category of candidates enough to dominate it";
  Takeover& takeover = takeovers[random.below(takeovers.size())];
  random.shuffle(std::span<std::size_t>(takeover.slots));
  std::vector<std::int32_t> worse = page.items;
  for (std::size_t n = 0; n < takeover.missing; ++n) {
    const std::size_t slot = takeover.slots[n];
    const double wanted = relevance.of(page.item(slot));
    const auto distance = [&](std::int32_t candidate) {
      return std::abs(relevance.of(candidate_item(page, candidate)) - wanted);
    };
    const auto nearest = std::min_element(
        takeover.fresh.begin(), takeover.fresh.end(),
        [&](std::int32_t first, std::int32_t second) { return distance(first) < distance(second); });
    worse[slot] = *nearest;
    takeover.fresh.erase(nearest);
  }
  return pair_of(page, PairFamily::diversity, worse);
}

PairAttempt redundancy_pair(const JudgedPage& page, const PairConfig& config, CounterRandom random) {
  if (page.evidence == 0) return kNoEngagement;
  std::vector<std::int32_t> off = candidates_off_page(page);
  random.shuffle(std::span<std::int32_t>(off));
  std::vector<std::int32_t> worse = page.items;
  std::vector<bool> fixed(page.items.size());
  for (std::size_t k = 0; k < page.items.size(); ++k) fixed[k] = page.engaged(k);
  int replaced = 0;
  for (const std::int32_t candidate : off) {
    if (replaced == config.replaced) break;
    const Item& copy = candidate_item(page, candidate);
    const bool bought =
        std::any_of(page.request->history.begin(), page.request->history.end(), [&](const auto& action) {
          return action.kind == ActionKind::purchase &&
                 (action.item.id == copy.id || near_duplicates(action.item, copy, config.price_ratio));
        });
    std::size_t original = page.items.size();
    Slots open;
    for (std::size_t k = 0; k < page.items.size(); ++k) {
      const bool alike = near_duplicates(candidate_item(page, worse[k]), copy, config.price_ratio);
      if (alike && original == page.items.size()) original = k;
      if (!alike && !fixed[k]) open.push_back(k);
    }
    const bool on_page = original < page.items.size();
    if ((!on_page && !bought) || open.empty()) continue;
    const std::size_t slot = open[random.below(open.size())];
    worse[slot] = candidate;
    fixed[slot] = true;
    if (on_page) fixed[original] = true;
    ++replaced;
  }
  if (replaced == 0) return "without a candidate that is a near-duplicate";
  return pair_of(page, PairFamily::redundancy, worse);
}

}  // namespace pagewright
