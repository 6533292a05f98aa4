#include "core/page/page_moves.hpp"

#include <algorithm>
#include <limits>

namespace pagewright {
namespace {

bool has_quota(const ItemClass& item_class, int quota) {
  return std::binary_search(item_class.quotas.begin(), item_class.quotas.end(), quota);
}

}  // namespace

PageMoves::PageMoves(const PageStructure& structure, const ItemPool& pool, std::optional<int> max_ads,
                     int node, std::span<const std::int32_t> placed)
    : structure_(structure),
      pool_(pool),
      node_(node),
      slots_(static_cast<int>(placed.size())),
      free_ads_(pool.free_ads),
      free_others_(pool.free_others) {
  int ads = 0;
  for (const std::int32_t j : placed) {
    const bool ad = pool.ad[static_cast<std::size_t>(j)] != 0;
    if (ad) ++ads;
    if (pool.item_class[static_cast<std::size_t>(j)] >= 0) --(ad ? free_ads_ : free_others_);
  }
  if (!pool.is_simple()) {
    left_.quotas = pool.quotas;
    for (const ItemClass& item_class : pool.classes) left_.available.push_back(item_class.size);
    verdicts_.assign(pool.classes.size(), Verdict::unknown);
    for (const std::int32_t j : placed) {
      const std::int32_t index = pool.item_class[static_cast<std::size_t>(j)];
      if (index < 0) continue;  // pinned items count as placed from the start
      --left_.available[static_cast<std::size_t>(index)];
      for (const int q : pool.classes[static_cast<std::size_t>(index)].quotas) {
        --left_.quotas[static_cast<std::size_t>(q)].least;
        --left_.quotas[static_cast<std::size_t>(q)].most;
      }
    }
  }
  for (const ItemPool::Pin& pin : pool.pins) {
    for (const int q : pin.quotas) {
      --left_.quotas[static_cast<std::size_t>(q)].least;
      --left_.quotas[static_cast<std::size_t>(q)].most;
    }
    if (std::find(placed.begin(), placed.end(), pin.place) != placed.end()) continue;
    ++(pin.ad ? pinned_ads_ : pinned_others_);
    if (pin.slot == slots_) pin_here_ = &pin;
  }
  most_ads_ = max_ads ? *max_ads - ads - pinned_ads_ : std::numeric_limits<int>::max() / 2;
}

SelectionGoal PageMoves::goal(int next_node) const {
  SelectionGoal goal{structure_.completions(next_node)};
  goal.more_ads = pinned_ads_;
  goal.more_others = pinned_others_;
  goal.most_ads = most_ads_;
  goal.least_total = pool_.least_slots - slots_ - pinned_ads_ - pinned_others_;
  return goal;
}

/// The next node comes after an unpinned item of the kind, which is part of the selection.
SelectionGoal PageMoves::goal_after_item(bool ad) const {
  SelectionGoal result = goal(structure_.after_item(node_, ad));
  --(ad ? result.more_ads : result.more_others);
  (ad ? result.least_ads : result.least_others) = 1;
  return result;
}

ItemSelection& PageMoves::selection() {
  if (!selection_) selection_.emplace(pool_);
  return *selection_;
}

bool PageMoves::possible(const SelectionGoal& goal) {
  if (!goal.reachable(0, 0, free_ads_, free_others_, free_ads_ + free_others_)) return false;
  if (pool_.is_simple()) return true;
  for (const auto& [ads, others] : possible_)
    if (goal.accepts(ads, others)) return true;
  if (selection().find(left_, goal) == nullptr) return false;
  possible_.emplace_back(selection().ads(), selection().others());
  return true;
}

bool PageMoves::may_end() const {
  if (!structure_.may_end(node_) || pinned_ads_ + pinned_others_ > 0 || slots_ < pool_.least_slots)
    return false;
  return std::all_of(left_.quotas.begin(), left_.quotas.end(),
                     [](const ItemQuota& quota) { return quota.least <= 0 && quota.most >= 0; });
}

bool PageMoves::may_close() {
  const int next = structure_.after_section_end(node_);
  return next != PageStructure::kNowhere && possible(goal(next));
}

bool PageMoves::may_place_anything() const {
  return structure_.after_item(node_, false) != PageStructure::kNowhere ||
         structure_.after_item(node_, true) != PageStructure::kNowhere;
}

bool PageMoves::may_place(std::int32_t j) {
  const bool ad = pool_.ad[static_cast<std::size_t>(j)] != 0;
  if (structure_.after_item(node_, ad) == PageStructure::kNowhere) return false;
  const std::int32_t index = pool_.item_class[static_cast<std::size_t>(j)];
  if (index < 0) return may_place_pinned(pool_.pins[static_cast<std::size_t>(~index)]);
  if (pin_here_ != nullptr) return false;
  if (!pool_.is_simple()) return may_place_class(static_cast<std::size_t>(index));
  Verdict& verdict = simple_[ad ? 1 : 0];
  if (verdict == Verdict::unknown) verdict = possible(goal_after_item(ad)) ? Verdict::yes : Verdict::no;
  return verdict == Verdict::yes;
}

bool PageMoves::may_place_pinned(const ItemPool::Pin& pin) {
  if (pin_here_ != nullptr ? pin_here_ != &pin : pin.slot != ItemPool::kPinnedAnywhere) return false;
  SelectionGoal after = goal(structure_.after_item(node_, pin.ad));
  --(pin.ad ? after.more_ads : after.more_others);
  return possible(after);
}

bool PageMoves::may_place_class(std::size_t item_class) {
  const bool ad = pool_.classes[item_class].ad;
  if (!has_witness_[ad ? 1 : 0]) look_for_witness(ad);
  Verdict& verdict = verdicts_[item_class];
  if (verdict == Verdict::unknown) {
    verdict = Verdict::no;
    if (placeable(item_class) && selection_with(item_class, goal_after_item(ad))) {
      verdict = Verdict::yes;
      say_yes_by(selection().chosen(), ad);
    }
  }
  return verdict == Verdict::yes;
}

bool PageMoves::placeable(std::size_t item_class) const {
  const std::vector<int>& quotas = pool_.classes[item_class].quotas;
  return left_.available[item_class] > 0 && std::all_of(quotas.begin(), quotas.end(), [&](int q) {
           return left_.quotas[static_cast<std::size_t>(q)].most > 0;
         });
}

void PageMoves::look_for_witness(bool ad) {
  has_witness_[ad ? 1 : 0] = true;
  const std::vector<int>* found = selection().find(left_, goal_after_item(ad));
  if (found != nullptr) {
    say_yes_by(*found, ad);
    return;
  }
  for (std::size_t c = 0; c < verdicts_.size(); ++c)
    if (pool_.classes[c].ad == ad) verdicts_[c] = Verdict::no;
}

/// `selection` meets goal_after_item(ad).
void PageMoves::say_yes_by(const std::vector<int>& selection, bool ad) {
  std::vector<int> used(pool_.quotas.size(), 0);
  for (std::size_t c = 0; c < selection.size(); ++c)
    for (const int q : pool_.classes[c].quotas) used[static_cast<std::size_t>(q)] += selection[c];
  for (std::size_t c = 0; c < verdicts_.size(); ++c)
    if (verdicts_[c] == Verdict::unknown && pool_.classes[c].ad == ad &&
        (selection[c] > 0 || (placeable(c) && exchangeable(c, selection, used))))
      verdicts_[c] = Verdict::yes;
}

/// Whether the selection stays one when one of its items of the same kind gives way to one of this class.
bool PageMoves::exchangeable(std::size_t item_class, const std::vector<int>& selection,
                             const std::vector<int>& used) const {
  const ItemClass& in = pool_.classes[item_class];
  for (std::size_t c = 0; c < selection.size(); ++c) {
    const ItemClass& out = pool_.classes[c];
    if (selection[c] == 0 || out.ad != in.ad) continue;
    const bool enters = std::all_of(in.quotas.begin(), in.quotas.end(), [&](int q) {
      const auto index = static_cast<std::size_t>(q);
      return has_quota(out, q) || used[index] < left_.quotas[index].most;
    });
    const bool leaves = std::all_of(out.quotas.begin(), out.quotas.end(), [&](int q) {
      const auto index = static_cast<std::size_t>(q);
      return has_quota(in, q) || used[index] > left_.quotas[index].least;
    });
    if (enters && leaves) return true;
  }
  return false;
}

/// Whether there is a selection with at least one item of the class; `goal` counts that item.
bool PageMoves::selection_with(std::size_t item_class, SelectionGoal goal) {
  const ItemClass& chosen = pool_.classes[item_class];
  ItemsLeft rest = left_;
  --rest.available[item_class];
  for (const int q : chosen.quotas) {
    --rest.quotas[static_cast<std::size_t>(q)].least;
    --rest.quotas[static_cast<std::size_t>(q)].most;
  }
  ++(chosen.ad ? goal.more_ads : goal.more_others);
  (chosen.ad ? goal.least_ads : goal.least_others) = 0;
  if (chosen.ad) --goal.most_ads;
  --goal.least_total;
  if (selection().find(rest, goal) == nullptr) return false;
  selection().add(item_class);
  return true;
}

}  // namespace pagewright
