#pragma once
// A rule: pages that keep the schema.

#include <string>
#include <utility>

#include "core/page/page_schema.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// Page-grained: 1 for a page without page_violations(), else -(their number). A page that is invalid on its
/// way here earns rewards.invalid instead, as with every term, so that weight - rewards.invalid is the gap
/// between the two. `schema` must outlive it.
class ValidityTerm : public RewardTerm {
 public:
  ValidityTerm(std::string name, const PageSchema& schema) : name_(std::move(name)), schema_(schema) {}
  std::string name() const override { return name_; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  std::string name_;
  const PageSchema& schema_;
};

}  // namespace pagewright
