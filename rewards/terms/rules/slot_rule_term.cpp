#include "rewards/terms/rules/slot_rule_term.hpp"

#include <cmath>

namespace pagewright {

std::vector<TermScore> SlotRuleTerm::score(std::span<const RequestPages> groups) {
  std::vector<TermScore> result;
  for (const RequestPages& group : groups)
    for (const Page& page : group.pages) result.push_back(score_page(*group.request, page));
  return result;
}

TermScore SlotRuleTerm::score_page(const Request& request, const Page& page) const {
  const std::vector<std::int32_t> items = page.items();
  const std::vector<double> values = rule_(request, items);
  const std::vector<double> weights = position_weights(items.size(), config_.positions);
  TermScore term;
  term.name = name_;
  double share = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    share += weights[k] * values[k];
    if (payment_ != RulePayment::target) term.slots_raw.push_back(static_cast<float>(weights[k] * values[k]));
  }
  if (payment_ == RulePayment::slots) term.slots = term.slots_raw;
  if (payment_ == RulePayment::target) {
    term.page_raw = static_cast<float>(share);
    term.page = static_cast<float>(-std::abs(share - config_.target.value_or(0)));
  }
  return term;
}

}  // namespace pagewright
