#include "core/page/item_selection.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

void append_number(std::string& key, int value) {
  key.push_back(static_cast<char>(value & 0xFF));
  key.push_back(static_cast<char>(value >> 8 & 0xFF));
}

}  // namespace

bool ItemsLeft::possible() const {
  return std::all_of(quotas.begin(), quotas.end(), [](const ItemQuota& quota) { return quota.most >= 0; });
}

bool SelectionGoal::accepts(int ads, int others) const {
  return reachable(ads, others, 0, 0, 0);
}

bool SelectionGoal::reachable(int ads, int others, int room_ads, int room_others, int room_total) const {
  CompletionSet::Box box;
  box.least_ads = std::max(ads, least_ads) + more_ads;
  box.most_ads = std::min(ads + room_ads, most_ads) + more_ads;
  box.least_others = std::max(others, least_others) + more_others;
  box.most_others = others + room_others + more_others;
  box.least_total = std::max(ads + others, least_total) + more_ads + more_others;
  box.most_total = ads + others + room_total + more_ads + more_others;
  return set.meets(box);
}

ItemSelection::ItemSelection(const ItemPool& pool) : pool_(pool) {}

const std::vector<int>* ItemSelection::find(const ItemsLeft& left, const SelectionGoal& goal) {
  if (!left.possible()) return nullptr;
  available_ = left.available;
  quotas_ = left.quotas;
  chosen_.assign(pool_.classes.size(), 0);
  failed_.clear();
  ads_ = others_ = steps_ = 0;
  count_ahead();
  return search(0, goal) ? &chosen_ : nullptr;
}

void ItemSelection::count_ahead() {
  const std::size_t width = 1 + quotas_.size();
  const std::size_t depths = pool_.classes.size();
  ads_ahead_.assign((depths + 1) * width, 0);
  others_ahead_.assign((depths + 1) * width, 0);
  for (std::size_t depth = depths; depth-- > 0;) {
    const ItemClass& item_class = pool_.classes[depth];
    const auto here = static_cast<std::ptrdiff_t>(depth * width);
    const auto after = static_cast<std::ptrdiff_t>((depth + 1) * width);
    for (std::vector<int>* ahead : {&ads_ahead_, &others_ahead_})
      std::copy_n(ahead->begin() + after, width, ahead->begin() + here);
    std::vector<int>& ahead = item_class.ad ? ads_ahead_ : others_ahead_;
    const int count = available_[depth];
    ahead[depth * width] += count;
    for (const int q : item_class.quotas) ahead[depth * width + 1 + static_cast<std::size_t>(q)] += count;
  }
}

int ItemSelection::ads_ahead(std::size_t depth, int quota) const {
  return ads_ahead_[depth * (1 + quotas_.size()) + static_cast<std::size_t>(quota + 1)];
}

int ItemSelection::others_ahead(std::size_t depth, int quota) const {
  return others_ahead_[depth * (1 + quotas_.size()) + static_cast<std::size_t>(quota + 1)];
}

void ItemSelection::take(std::size_t item_class, int count) {
  const ItemClass& taken = pool_.classes[item_class];
  (taken.ad ? ads_ : others_) += count;
  chosen_[item_class] += count;
  for (const int q : taken.quotas) {
    quotas_[static_cast<std::size_t>(q)].least -= count;
    quotas_[static_cast<std::size_t>(q)].most -= count;
  }
}

bool ItemSelection::lower_limits_met() const {
  return std::all_of(quotas_.begin(), quotas_.end(), [](const ItemQuota& quota) { return quota.least <= 0; });
}

/// The state as far as it matters from `depth` on.
std::string ItemSelection::key(std::size_t depth) const {
  std::string key;
  key.reserve(6 + 4 * quotas_.size());
  append_number(key, static_cast<int>(depth));
  append_number(key, ads_);
  append_number(key, others_);
  for (int q = 0; q < static_cast<int>(quotas_.size()); ++q) {
    const ItemQuota& quota = quotas_[static_cast<std::size_t>(q)];
    append_number(key, std::min(quota.most, ads_ahead(depth, q) + others_ahead(depth, q)));
    append_number(key, std::max(quota.least, 0));
  }
  return key;
}

/// Upper bounds: under each partition alone, the items ahead form a sum of matroid ranks, which is what there
/// is ahead less what each quota must leave.
bool ItemSelection::promising(std::size_t depth, const SelectionGoal& goal) const {
  for (int q = 0; q < static_cast<int>(quotas_.size()); ++q)
    if (quotas_[static_cast<std::size_t>(q)].least > ads_ahead(depth, q) + others_ahead(depth, q))
      return false;
  const int all_ads = ads_ahead(depth, -1);
  const int all_others = others_ahead(depth, -1);
  int most_ads = all_ads;
  int most_others = all_others;
  int most_total = all_ads + all_others;
  for (const std::vector<int>& partition : pool_.partitions) {
    int ads = all_ads;
    int others = all_others;
    int total = all_ads + all_others;
    for (const int q : partition) {
      const int most = quotas_[static_cast<std::size_t>(q)].most;
      ads -= std::max(ads_ahead(depth, q) - most, 0);
      others -= std::max(others_ahead(depth, q) - most, 0);
      total -= std::max(ads_ahead(depth, q) + others_ahead(depth, q) - most, 0);
    }
    most_ads = std::min(most_ads, ads);
    most_others = std::min(most_others, others);
    most_total = std::min(most_total, total);
  }
  return goal.reachable(ads_, others_, most_ads, most_others, most_total);
}

bool ItemSelection::search(std::size_t depth, const SelectionGoal& goal) {
  require(++steps_ <= kMostSteps,
          "the caps and price bands of the schema are too entangled to decide which pages are possible (more "
          "than {} "
          "search steps): cap fewer attributes, or loosen the caps and price bands",
          kMostSteps);
  if (lower_limits_met() && goal.accepts(ads_, others_)) return true;
  if (depth == pool_.classes.size() || !promising(depth, goal)) return false;
  int most = available_[depth];
  for (const int q : pool_.classes[depth].quotas)
    most = std::min(most, quotas_[static_cast<std::size_t>(q)].most);
  if (most == 0) return search(depth + 1, goal);
  if (!failed_.empty() && failed_.count(key(depth)) > 0) return false;
  for (int count = most; count >= 0; --count) {
    take(depth, count);
    if (search(depth + 1, goal)) return true;
    take(depth, -count);
  }
  failed_.insert(key(depth));
  return false;
}

}  // namespace pagewright
