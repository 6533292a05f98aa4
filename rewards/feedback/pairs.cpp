#include "rewards/feedback/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/rng.hpp"
#include "rewards/feedback/pair_evidence.hpp"
#include "rewards/feedback/pair_families.hpp"
#include "rewards/feedback/request_baseline.hpp"

namespace pagewright {
namespace {

class PairMaker {
 public:
  PairMaker(const PageSchema& schema, const ItemGains& gains, const PairConfig& config,
            std::vector<JudgedPage> pages, std::uint64_t seed)
      : schema_(schema), gains_(gains), config_(config), pages_(std::move(pages)), seed_(seed) {}

  PairSet run(const ItemSpace* space) {
    const ShownItems shown(pages_);
    const ItemRelevance relevance(pages_);
    for (const JudgedPage& page : pages_) ++pages_of_request_[page.logged->request];
    for (const JudgedPage& page : pages_) {
      add(page, PairFamily::relevance,
          relevance_pair(page, shown, space, config_, random(PairFamily::relevance, page)));
      add(page, PairFamily::ranking, ranking_pair(page, gains_, config_, random(PairFamily::ranking, page)));
      add(page, PairFamily::diversity,
          diversity_pair(page, relevance, config_, random(PairFamily::diversity, page)));
      add(page, PairFamily::redundancy, redundancy_pair(page, config_, random(PairFamily::redundancy, page)));
    }
    level_ranking_weights();
    add_natural_pairs();
    const bool repeats = set_.count[static_cast<std::size_t>(PairFamily::natural)] > 0;
    if (config_.request_baseline == RequestBaseline::always ||
        (config_.request_baseline == RequestBaseline::without_repeats && !repeats))
      add_pairs_across_requests();
    explain_empty_families();
    return std::move(set_);
  }

 private:
  CounterRandom random(PairFamily family, const JudgedPage& page) const {
    return CounterRandom(seed_, RandomStream::pairs, static_cast<std::uint64_t>(family),
                         static_cast<std::uint64_t>(page.index));
  }

  bool valid(const Request& request, const Page& page) const {
    return page_violations(schema_, request, page).empty();
  }

  void without(PairFamily family, const std::string& reason) {
    ++set_.notes[static_cast<std::size_t>(family)].pages_without[reason];
  }

  void add(const JudgedPage& page, PairFamily family, PairAttempt attempt) {
    if (!attempt.pair) return without(family, attempt.why_none);
    PagePair& pair = *attempt.pair;
    if (!valid(*page.request, pair.better) || !valid(*page.request, pair.worse)) {
      ++invalid_[static_cast<std::size_t>(family)];
      return without(family, "whose pair breaks the schema");
    }
    pair.request = page.logged->request;
    const double trust = confidence_of(page.evidence) * (pair.unseen ? config_.unseen_weight : 1.0);
    pair.weight *= trust;
    if (!(pair.weight > 0)) return without(family, "whose pair has no weight");
    if (made_before(pair)) {
      ++set_.notes[static_cast<std::size_t>(family)].duplicates;
      return without(family, "whose pair another page gave");
    }
    if (family == PairFamily::ranking) ranking_confidence_ += trust;
    set_.keep(std::move(pair));
  }

  double confidence_of(int evidence) const { return confidence(evidence, gains_.config().full_confidence); }

  /// The weights of biases say which ranking pairs count, and not how much the family does: all together
  /// weigh as much as their confidences.
  void level_ranking_weights() {
    double& weight = set_.notes[static_cast<std::size_t>(PairFamily::ranking)].weight;
    if (weight == ranking_confidence_) return;
    for (PagePair& pair : set_.pairs)
      if (pair.family == PairFamily::ranking) pair.weight *= ranking_confidence_ / weight;
    weight = ranking_confidence_;
  }

  /// Whether another page of the same request gave an equal pair of the family; remembers it otherwise.
  bool made_before(const PagePair& pair) {
    if (pages_of_request_.at(pair.request) == 1) return false;
    std::vector<std::int32_t> key{static_cast<std::int32_t>(pair.family)};
    for (const Page* page : {&pair.better, &pair.worse})
      for (const PageSection& section : page->sections) {
        key.push_back(-1 - section.type);
        key.insert(key.end(), section.items.begin(), section.items.end());
      }
    return !made_[pair.request].insert(std::move(key)).second;
  }

  void add_natural_pairs() {
    std::map<std::int64_t, std::vector<const JudgedPage*>> by_request;
    for (const JudgedPage& page : pages_) by_request[page.logged->request].push_back(&page);
    for (const auto& [request, pages] : by_request) {
      shown_twice_ = shown_twice_ || pages.size() > 1;
      std::vector<bool> paired(pages.size());
      for (std::size_t a = 0; a < pages.size(); ++a)
        for (std::size_t b = a + 1; b < pages.size(); ++b)
          if (add_natural_pair(*pages[a], *pages[b])) paired[a] = paired[b] = true;
      for (std::size_t a = 0; a < pages.size(); ++a)
        if (!paired[a])
          without(PairFamily::natural, pages.size() == 1
                                           ? "whose request was shown once"
                                           : "like the others of its request or within the margin");
    }
  }

  bool add_natural_pair(const JudgedPage& first, const JudgedPage& second) {
    const double gap = utility_of(first) - utility_of(second);
    if (!(std::abs(gap) > config_.margin) || first.logged->page == second.logged->page) return false;
    return add_observed_pair(gap > 0 ? first : second, gap > 0 ? second : first);
  }

  bool add_observed_pair(const JudgedPage& better, const JudgedPage& worse) {
    if (!valid(*better.request, better.logged->page) || !valid(*worse.request, worse.logged->page)) {
      ++invalid_[static_cast<std::size_t>(PairFamily::natural)];
      return false;
    }
    PagePair pair;
    pair.family = PairFamily::natural;
    pair.request = better.logged->request;
    if (worse.logged->request != pair.request) pair.worse_request = worse.logged->request;
    pair.better = better.logged->page;
    pair.worse = worse.logged->page;
    pair.weight = confidence_of(better.evidence + worse.evidence);
    if (pair.weight == 0) return false;
    set_.keep(std::move(pair));
    return true;
  }

  void add_pairs_across_requests() {
    for (const AcrossPair& pair : pairs_across_requests(pages_, config_.margin, seed_))
      add_observed_pair(*pair.better, *pair.worse);
  }

  void explain_empty_families() {
    bool engaged = false, off_page = false;
    for (const JudgedPage& page : pages_) {
      engaged = engaged || page.evidence > 0;
      off_page = off_page || page.items.size() < page.request->candidates.size();
    }
    for (std::size_t family = 0; family < kPairFamilies; ++family)
      if (set_.count[family] == 0)
        set_.empty_because[family] = reason(static_cast<PairFamily>(family), engaged, off_page);
  }

  std::string reason(PairFamily family, bool engaged, bool off_page) const {
    if (pages_.empty()) return "the split has no pages";
    if (!engaged) return "no page of the split has an engagement";
    if (invalid_[static_cast<std::size_t>(family)] > 0) return "the schema allows none of the pages";
    if (family == PairFamily::natural)
      return shown_twice_ ? "no two pages of a request differ by more than the margin"
                          : "no request was shown twice; rewards.pairs.request_baseline compares pages of "
                            "different requests";
    if (family == PairFamily::ranking) return "no page has items of different gains in this order";
    if (!off_page) return "every candidate is on its page";
    if (family == PairFamily::relevance) return "no candidate was shown elsewhere and passed over";
    if (family == PairFamily::diversity) return "no category has candidates enough to dominate a page";
    return "no candidate is a near-duplicate of an item on the page or of one that was bought";
  }

  const PageSchema& schema_;
  const ItemGains& gains_;
  const PairConfig& config_;
  std::vector<JudgedPage> pages_;
  std::uint64_t seed_;
  bool shown_twice_ = false;
  double ranking_confidence_ = 0;  ///< sum over the ranking pairs in set_
  std::unordered_map<std::int64_t, int> pages_of_request_;
  std::unordered_map<std::int64_t, std::set<std::vector<std::int32_t>>> made_;  ///< by request: pairs in set_
  std::array<std::int64_t, kPairFamilies> invalid_{};
  PairSet set_;
};

}  // namespace

void PairSet::keep(PagePair pair) {
  ++count[static_cast<std::size_t>(pair.family)];
  notes[static_cast<std::size_t>(pair.family)].weight += pair.weight;
  unseen += pair.unseen;
  hard += pair.hard;
  across += pair.worse_request.has_value();
  pairs.push_back(std::move(pair));
}

PairSet make_pairs(const FeedbackLog& log, const PageSchema& schema, const ItemGains& gains,
                   const PairConfig& config, Split split, std::uint64_t seed) {
  std::optional<ItemSpace> space;
  if (config.hard_by == HardBy::embedding) space.emplace(log, config.vector_prefix);
  return PairMaker(schema, gains, config, judge_pages(log, gains, split), seed)
      .run(space ? &*space : nullptr);
}

Page swap_slots(const Page& page, int i, int j) {
  std::vector<std::int32_t> items = page.items();
  std::swap(items.at(static_cast<std::size_t>(i)), items.at(static_cast<std::size_t>(j)));
  return with_items(page, items);
}

namespace {

double ideal_dcg(std::vector<double> gains) {
  std::sort(gains.begin(), gains.end(), std::greater<>());
  double sum = 0;
  for (std::size_t k = 0; k < gains.size() && gains[k] > 0; ++k)
    sum += gains[k] / std::log2(static_cast<double>(k) + 2);
  return sum;
}

}  // namespace

std::vector<SwapPair> make_swap_pairs(const FeedbackLog& log, const ItemGains& gains, Split split) {
  std::vector<SwapPair> swaps;
  for (const JudgedPage& page : judge_pages(log, gains, split)) {
    const double trust = confidence(page.evidence, gains.config().full_confidence);
    if (trust == 0) continue;
    const double ideal = ideal_dcg(page.item_gains);
    for (std::size_t i = 0; i < page.items.size(); ++i) {
      for (std::size_t j = i + 1; j < page.items.size(); ++j) {
        const double gap = page.item_gains[i] - page.item_gains[j];
        if (gap == 0) continue;
        const double discount_gap =
            1 / std::log2(static_cast<double>(i) + 2) - 1 / std::log2(static_cast<double>(j) + 2);
        const int first = static_cast<int>(i), second = static_cast<int>(j);
        const double bias = gap > 0 ? gains.pair_weight(first, second) : gains.pair_weight(second, first);
        swaps.push_back(
            {page.index, first, second, gap > 0, discount_gap * std::abs(gap) * trust * bias, ideal});
      }
    }
  }
  return swaps;
}

}  // namespace pagewright
