#include "rewards/terms/term_list.hpp"

#include <set>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/external/external_term.hpp"
#include "rewards/terms/rules/slot_rule_term.hpp"
#include "rewards/terms/rules/validity_term.hpp"

namespace pagewright {

namespace {

std::shared_ptr<RewardTerm> make_term(const TermConfig& config, const PageSchema& schema) {
  switch (config.kind) {
    case TermKind::external:
      return std::make_shared<ExternalTerm>(config.name, schema, config.external);
    case TermKind::validity:
      return std::make_shared<ValidityTerm>(config.name, schema);
    case TermKind::diversity:
      return std::make_shared<DiversityTerm>(config.name, config.rule.attribute);
    case TermKind::ad_share:
    case TermKind::exposure:
      return std::make_shared<SlotRuleTerm>(config.name, config.rule, RulePayment::measured);
    default:
      return std::make_shared<SlotRuleTerm>(config.name, config.rule,
                                            config.rule.target ? RulePayment::target : RulePayment::slots);
  }
}

template <class Holds>
bool some_candidate(const FeedbackLog& log, const Holds& holds) {
  for (const auto& logged : log.requests)
    for (const Item& item : logged.request.candidates)
      if (holds(item)) return true;
  return false;
}

void check_term(const TermConfig& config, const FeedbackLog& log) {
  const RuleConfig& rule = config.rule;
  const bool reads_feature = config.kind == TermKind::freshness || config.kind == TermKind::margin;
  require(!reads_feature ||
              some_candidate(log, [&](const Item& item) { return item.features.contains(rule.feature); }),
          "reward term '{}': no candidate of the log has the feature '{}'", config.name, rule.feature);
  if (config.kind != TermKind::seller_share && config.kind != TermKind::exposure) return;
  const std::set<std::string> values(rule.values.begin(), rule.values.end());
  require(some_candidate(
              log, [&](const Item& item) { return values.contains(attribute_of(item, rule.attribute)); }),
          "reward term '{}': no candidate of the log has one of the values {}", config.name,
          fmt::join(values, ", "));
}

}  // namespace

std::vector<WeightedTerm> make_terms(const std::vector<TermConfig>& configs, const PageSchema& schema) {
  std::vector<WeightedTerm> terms;
  for (const TermConfig& config : configs) terms.push_back({make_term(config, schema), config.weight});
  return terms;
}

void check_terms(const std::vector<TermConfig>& configs, const FeedbackLog& log) {
  for (const TermConfig& config : configs) check_term(config, log);
}

}  // namespace pagewright
