#pragma once
// A rule: pages of many categories, brands or sellers.

#include <string>
#include <utility>

#include "rewards/terms/rules/rule_config.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// Page-grained: distinct values of the attribute on the page / slots, in (0, 1]. An item without the
/// attribute has a value of its own.
class DiversityTerm : public RewardTerm {
 public:
  explicit DiversityTerm(std::string name = "diversity", ItemAttribute attribute = ItemAttribute::category)
      : name_(std::move(name)), attribute_(attribute) {}
  std::string name() const override { return name_; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  std::string name_;
  ItemAttribute attribute_;
};

}  // namespace pagewright
