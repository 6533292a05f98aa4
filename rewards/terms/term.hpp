#pragma once
// A reward term: scores pages, either as a whole or slot by slot. See docs/add-a-reward-term.md.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/iteration/score.hpp"
#include "rewards/terms/request_pages.hpp"

namespace pagewright {

class RewardTerm {
 public:
  virtual ~RewardTerm() = default;
  virtual std::string name() const = 0;
  /// One TermScore a page, group by group. A page-grained term fills `page_raw` and `page`, an item-grained
  /// one `slots_raw` and `slots` (page order); what it fills is added to the reward with the term's weight as
  /// it stands.
  virtual std::vector<TermScore> score(std::span<const RequestPages> groups) = 0;
};

struct WeightedTerm {
  std::shared_ptr<RewardTerm> term;
  double weight = 1;
};

}  // namespace pagewright
