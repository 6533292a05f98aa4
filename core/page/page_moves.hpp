#pragma once
// What may come next after a prefix of a page, and whether the prefix can be completed at all.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/page/item_pool.hpp"
#include "core/page/item_selection.hpp"
#include "core/page/page_structure.hpp"

namespace pagewright {

/// One look at one prefix. Both halves of Note [Page completions] meet here. Without binding quotas every
/// answer is a comparison of counts; with them, one selection serves as a witness for its own items and for
/// those that can be exchanged for one of them, and only the others are searched for.
class PageMoves {
 public:
  /// `placed`: candidate places in page order; `node`: of the structure; `max_ads`: of the schema.
  PageMoves(const PageStructure& structure, const ItemPool& pool, std::optional<int> max_ads, int node,
            std::span<const std::int32_t> placed);

  bool can_complete() { return possible(goal(node_)); }
  bool may_end() const;
  bool may_close();
  bool may_open(int next_node) { return possible(goal(next_node)); }
  /// Whether the candidate at place j, not yet placed, may fill the next slot.
  bool may_place(std::int32_t j);
  /// Whether the structure lets any item come next.
  bool may_place_anything() const;

 private:
  enum class Verdict : char { unknown, no, yes };

  SelectionGoal goal(int next_node) const;
  bool possible(const SelectionGoal& goal);
  bool may_place_pinned(const ItemPool::Pin& pin);
  bool may_place_class(std::size_t item_class);
  bool placeable(std::size_t item_class) const;
  /// Finds a first selection with which an unpinned item of the kind may come next and says yes to all it
  /// vouches for.
  void look_for_witness(bool ad);
  void say_yes_by(const std::vector<int>& selection, bool ad);
  bool exchangeable(std::size_t item_class, const std::vector<int>& selection,
                    const std::vector<int>& used) const;
  bool selection_with(std::size_t item_class, SelectionGoal goal);
  SelectionGoal goal_after_item(bool ad) const;
  ItemSelection& selection();

  const PageStructure& structure_;
  const ItemPool& pool_;
  int node_;
  int slots_;
  int free_ads_ = 0;  ///< unpinned and not yet placed
  int free_others_ = 0;
  int pinned_ads_ = 0;  ///< not yet placed
  int pinned_others_ = 0;
  int most_ads_;  ///< further unpinned ads
  const ItemPool::Pin* pin_here_ = nullptr;
  ItemsLeft left_;                                            ///< only with quotas
  std::optional<ItemSelection> selection_;                    ///< only with quotas
  std::vector<std::pair<int, int>> possible_;                 ///< (ads, others) of selections found
  Verdict simple_[2] = {Verdict::unknown, Verdict::unknown};  ///< without quotas, by kind
  bool has_witness_[2] = {false, false};                      ///< looked for already, by kind
  std::vector<Verdict> verdicts_;                             ///< [classes], only with quotas
};

}  // namespace pagewright
