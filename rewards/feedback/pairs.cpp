#include "rewards/feedback/pairs.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "core/base/rng.hpp"
#include "rewards/feedback/pair_evidence.hpp"
#include "rewards/feedback/pair_families.hpp"

namespace pagewright {
namespace {

class PairMaker {
 public:
  PairMaker(const PageSchema& schema, const GainConfig& gains, const PairConfig& config,
            std::vector<JudgedPage> pages, std::uint64_t seed)
      : schema_(schema), gains_(gains), config_(config), pages_(std::move(pages)), seed_(seed) {}

  PairSet run() {
    const ShownItems shown(pages_);
    const ItemRelevance relevance(pages_);
    for (const JudgedPage& page : pages_) {
      add(page, relevance_pair(page, shown, config_, random(PairFamily::relevance, page)));
      add(page, ranking_pair(page, config_, random(PairFamily::ranking, page)));
      add(page, diversity_pair(page, relevance, config_, random(PairFamily::diversity, page)));
      add(page, redundancy_pair(page, config_, random(PairFamily::redundancy, page)));
    }
    add_natural_pairs();
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

  void add(const JudgedPage& page, std::optional<PagePair> pair) {
    if (!pair) return;
    if (!valid(*page.request, pair->better) || !valid(*page.request, pair->worse)) {
      ++invalid_[static_cast<std::size_t>(pair->family)];
      return;
    }
    pair->request = page.logged->request;
    pair->weight =
        confidence(page.evidence, gains_.full_confidence) * (pair->unseen ? config_.unseen_weight : 1.0);
    if (pair->weight > 0) keep(std::move(*pair));
  }

  void keep(PagePair pair) {
    ++set_.count[static_cast<std::size_t>(pair.family)];
    set_.unseen += pair.unseen;
    set_.hard += pair.hard;
    set_.pairs.push_back(std::move(pair));
  }

  void add_natural_pairs() {
    std::map<std::int64_t, std::vector<const JudgedPage*>> by_request;
    for (const JudgedPage& page : pages_) by_request[page.logged->request].push_back(&page);
    for (const auto& [request, pages] : by_request) {
      shown_twice_ = shown_twice_ || pages.size() > 1;
      for (std::size_t a = 0; a < pages.size(); ++a)
        for (std::size_t b = a + 1; b < pages.size(); ++b) add_natural_pair(*pages[a], *pages[b]);
    }
  }

  void add_natural_pair(const JudgedPage& first, const JudgedPage& second) {
    const double gap = utility(first) - utility(second);
    if (!(std::abs(gap) > config_.margin) || first.logged->page == second.logged->page) return;
    PagePair pair;
    pair.family = PairFamily::natural;
    pair.request = first.logged->request;
    pair.better = (gap > 0 ? first : second).logged->page;
    pair.worse = (gap > 0 ? second : first).logged->page;
    pair.weight = confidence(first.evidence + second.evidence, gains_.full_confidence);
    if (valid(*first.request, pair.better) && valid(*first.request, pair.worse))
      keep(std::move(pair));
    else
      ++invalid_[static_cast<std::size_t>(PairFamily::natural)];
  }

  static double utility(const JudgedPage& page) {
    double sum = 0;
    for (const double gain : page.gains) sum += gain;
    return sum;
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
                          : "no request was shown twice";
    if (family == PairFamily::ranking) return "no page has items of different gains in this order";
    if (!off_page) return "every candidate is on its page";
    if (family == PairFamily::relevance) return "no candidate was shown elsewhere and passed over";
    if (family == PairFamily::diversity) return "no category has candidates enough to dominate a page";
    return "no candidate is a near-duplicate of an item on the page or of one that was bought";
  }

  const PageSchema& schema_;
  const GainConfig& gains_;
  const PairConfig& config_;
  std::vector<JudgedPage> pages_;
  std::uint64_t seed_;
  bool shown_twice_ = false;
  std::array<std::int64_t, kPairFamilies> invalid_{};
  PairSet set_;
};

}  // namespace

PairSet make_pairs(const FeedbackLog& log, const PageSchema& schema, const ItemGains& gains,
                   const PairConfig& config, Split split, std::uint64_t seed) {
  return PairMaker(schema, gains.config(), config, judge_pages(log, gains, split), seed).run();
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
