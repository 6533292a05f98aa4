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

ItemSelection::ItemSelection(const ItemPool& pool) : pool_(pool) {
  const std::size_t classes = pool.classes.size();
  for (std::size_t c = 0; c < classes; ++c) sequence_.push_back(c);
  const auto needed = [&](std::size_t c) {
    const std::vector<int>& quotas = pool.classes[c].quotas;
    return std::any_of(quotas.begin(), quotas.end(),
                       [&](int q) { return pool.quotas[static_cast<std::size_t>(q)].least > 0; });
  };
  // Lower limits first; bearers of one value next to each other, so that a state forgets the value early;
  // items that no quota holds back last, to fill what is left.
  std::stable_sort(sequence_.begin(), sequence_.end(), [&](std::size_t x, std::size_t y) {
    const std::vector<int>& a = pool.classes[x].quotas;
    const std::vector<int>& b = pool.classes[y].quotas;
    if (needed(x) != needed(y)) return needed(x);
    if (a.empty() != b.empty()) return b.empty();
    return a < b;
  });
  for (const std::vector<int>& partition : pool.partitions) {
    std::vector<int>& quota = quota_in_.emplace_back(classes, -1);
    for (std::size_t c = 0; c < classes; ++c)
      for (const int q : pool.classes[c].quotas)
        if (std::find(partition.begin(), partition.end(), q) != partition.end()) quota[c] = q;
  }
  room_ads_.resize(pool.quotas.size());
  room_others_.resize(pool.quotas.size());
}

const std::vector<int>* ItemSelection::find(const ItemsLeft& left, const SelectionGoal& goal) {
  if (!left.possible()) return nullptr;
  available_ = left.available;
  quotas_ = left.quotas;
  chosen_.assign(pool_.classes.size(), 0);
  failed_.clear();
  ads_ = others_ = steps_ = 0;
  ahead_.assign(sequence_.size() + 1, std::vector<int>(quotas_.size(), 0));
  for (std::size_t depth = sequence_.size(); depth-- > 0;) {
    ahead_[depth] = ahead_[depth + 1];
    for (const int q : pool_.classes[sequence_[depth]].quotas)
      ahead_[depth][static_cast<std::size_t>(q)] += available_[sequence_[depth]];
  }
  return search(0, goal) ? &chosen_ : nullptr;
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
  for (std::size_t q = 0; q < quotas_.size(); ++q) {
    append_number(key, std::min(quotas_[q].most, ahead_[depth][q]));
    append_number(key, std::max(quotas_[q].least, 0));
  }
  return key;
}

/// Upper bounds: under each partition alone, the items ahead form a sum of matroid ranks.
bool ItemSelection::promising(std::size_t depth, const SelectionGoal& goal) {
  for (std::size_t q = 0; q < quotas_.size(); ++q)
    if (quotas_[q].least > ahead_[depth][q]) return false;
  int most_ads = pool_.candidates;
  int most_others = pool_.candidates;
  int most_total = pool_.candidates;
  for (std::size_t p = 0; p < quota_in_.size(); ++p) {
    int ads = 0;
    int others = 0;
    for (const int q : pool_.partitions[p])
      room_ads_[static_cast<std::size_t>(q)] = room_others_[static_cast<std::size_t>(q)] = 0;
    for (std::size_t i = depth; i < sequence_.size(); ++i) {
      const std::size_t c = sequence_[i];
      const int q = quota_in_[p][c];
      if (pool_.classes[c].ad)
        (q < 0 ? ads : room_ads_[static_cast<std::size_t>(q)]) += available_[c];
      else
        (q < 0 ? others : room_others_[static_cast<std::size_t>(q)]) += available_[c];
    }
    int total = ads + others;
    for (const int q : pool_.partitions[p]) {
      const auto index = static_cast<std::size_t>(q);
      const int most = quotas_[index].most;
      ads += std::min(room_ads_[index], most);
      others += std::min(room_others_[index], most);
      total += std::min(room_ads_[index] + room_others_[index], most);
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
  if (depth == sequence_.size() || !promising(depth, goal)) return false;
  if (!failed_.empty() && failed_.count(key(depth)) > 0) return false;
  const std::size_t item_class = sequence_[depth];
  int most = available_[item_class];
  for (const int q : pool_.classes[item_class].quotas)
    most = std::min(most, quotas_[static_cast<std::size_t>(q)].most);
  for (int count = most; count >= 0; --count) {
    take(item_class, count);
    if (search(depth + 1, goal)) return true;
    take(item_class, -count);
  }
  failed_.insert(key(depth));
  return false;
}

}  // namespace pagewright
