#pragma once
// The items' half of Note [Page completions]: is there a set of the items left that keeps all quotas and has
// one of the numbers of ads and others that the structure asks for?

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/page/item_pool.hpp"

namespace pagewright {

/// What is left of an ItemPool after a prefix: unpinned candidates per class and what the quotas still allow,
/// the pinned items yet to come being counted as placed.
struct ItemsLeft {
  std::vector<int> available;     ///< [classes]
  std::vector<ItemQuota> quotas;  ///< [quotas]; `least` may be negative
  bool possible() const;          ///< no quota is overdrawn
};

/// Numbers of unpinned ads and others that a selection may have: those for which `set` holds (ads + more_ads,
/// others + more_others), within the limits.
struct SelectionGoal {
  CompletionSet set;
  int more_ads = 0;
  int more_others = 0;
  int least_ads = 0;     ///< of the selection
  int least_others = 0;  ///< of the selection
  int most_ads = 0;      ///< of the selection
  int least_total = 0;   ///< of the selection

  bool accepts(int ads, int others) const;
  /// Whether some pair with `ads` to `ads + room_ads`, ... and a total of at most ads + others + room_total
  /// is accepted.
  bool reachable(int ads, int others, int room_ads, int room_others, int room_total) const;
};

/// Finds a selection by depth-first search over the classes, depth by depth. Exact: failed states are
/// remembered, branches are cut by upper bounds per attribute (exact when only one attribute is capped, so
/// that the search then never turns back). Choosing items under caps on three attributes is as hard as
/// three-dimensional matching, so the search is bounded by kMostSteps and throws Error beyond: a wrong answer
/// is never given.
class ItemSelection {
 public:
  static constexpr int kMostSteps = 1'000'000;

  explicit ItemSelection(const ItemPool& pool);

  /// Number of items per class, [classes]; empty if there is no selection.
  const std::vector<int>* find(const ItemsLeft& left, const SelectionGoal& goal);
  const std::vector<int>& chosen() const { return chosen_; }  ///< the selection found
  /// Adds one item to the selection found.
  void add(std::size_t item_class) { ++chosen_[item_class]; }
  int ads() const { return ads_; }        ///< of the selection found
  int others() const { return others_; }  ///< of the selection found

 private:
  bool search(std::size_t depth, const SelectionGoal& goal);
  bool promising(std::size_t depth, const SelectionGoal& goal) const;
  bool lower_limits_met() const;
  void count_ahead();
  /// Items of a quota at this depth and later; of all with quota -1.
  int ads_ahead(std::size_t depth, int quota) const;
  int others_ahead(std::size_t depth, int quota) const;
  std::string key(std::size_t depth) const;
  void take(std::size_t item_class, int count);

  const ItemPool& pool_;
  std::vector<int> available_;     ///< [classes]
  std::vector<ItemQuota> quotas_;  ///< [quotas] what is left
  std::vector<int> ads_ahead_;     ///< [depths][1 + quotas] ads available at this depth and later: all,
                                   ///< and those of each quota
  std::vector<int> others_ahead_;  ///< the same of other items
  std::vector<int> chosen_;        ///< [classes]
  std::unordered_set<std::string> failed_;
  int ads_ = 0;
  int others_ = 0;
  int steps_ = 0;
};

}  // namespace pagewright
