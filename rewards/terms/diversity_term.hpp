#pragma once
// A rule: pages of many categories.

#include "rewards/terms/term.hpp"

namespace pagewright {

/// Page-grained: distinct categories on the page / slots, in (0, 1]. An item without a category is a category
/// of its own.
class DiversityTerm : public RewardTerm {
 public:
  std::string name() const override { return "diversity"; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;
};

}  // namespace pagewright
