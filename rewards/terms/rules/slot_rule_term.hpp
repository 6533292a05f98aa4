#pragma once
// Rules over slots as reward terms and as the measured side of constraints.

#include <optional>
#include <string>
#include <utility>

#include "rewards/terms/rules/slot_rules.hpp"
#include "rewards/terms/term.hpp"

namespace pagewright {

/// Who pays for what a rule says.
enum class RulePayment {
  slots,     ///< slot k earns w_k x_k
  target,    ///< the page earns -|sum_k w_k x_k - target|
  measured,  ///< nobody here: slots_raw holds w_k x_k, and the learner prices it (docs/reward-terms.md)
};

/// x_k is the rule's, w_k is position_weights().
class SlotRuleTerm : public RewardTerm {
 public:
  SlotRuleTerm(std::string name, const RuleConfig& config, RulePayment payment)
      : name_(std::move(name)), config_(config), rule_(slot_rule(config)), payment_(payment) {}
  std::string name() const override { return name_; }
  std::vector<TermScore> score(std::span<const RequestPages> groups) override;

 private:
  TermScore score_page(const Request& request, const Page& page) const;

  std::string name_;
  RuleConfig config_;
  SlotValueRule rule_;
  RulePayment payment_;
};

}  // namespace pagewright
