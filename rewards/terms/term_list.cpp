#include "rewards/terms/term_list.hpp"

#include <set>
#include <utility>

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
    case TermKind::redundancy:
    case TermKind::price_band:
    case TermKind::seller_share:
    case TermKind::freshness:
    case TermKind::margin:
      return std::make_shared<SlotRuleTerm>(config.name, config.rule,
                                            config.rule.target ? RulePayment::target : RulePayment::slots);
  }
  fail("reward term '{}' is of an unknown kind {}", config.name, static_cast<int>(config.kind));
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

/// A field of the template with its value, as a prompt may show what a constraint is about.
std::pair<TemplateField::Value, std::string> field_of(const TermConfig& constraint) {
  using Value = TemplateField::Value;
  if (constraint.kind == TermKind::ad_share) return {Value::ad, "{ad|bucket:2:0:2}"};
  switch (constraint.rule.attribute) {
    case ItemAttribute::brand:
      return {Value::brand, "{brand|hash:64}"};
    case ItemAttribute::seller:
      return {Value::seller, "{seller|hash:64}"};
    case ItemAttribute::category:
      break;
  }
  return {Value::category, "{category|hash:64}"};
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

std::vector<std::string> unseen_constraints(const std::vector<TermConfig>& configs,
                                            const PromptTemplate& prompt) {
  std::vector<std::string> sentences;
  for (const TermConfig& config : configs) {
    if (config.kind != TermKind::ad_share && config.kind != TermKind::exposure) continue;
    const auto [value, field] = field_of(config);
    if (prompt.candidate_shows(value) || prompt.candidate_shows(TemplateField::Value::id)) continue;
    sentences.push_back(fmt::format(
        "constraint '{}' is about what the prompt does not show, so that the policy can hardly keep it: put "
        "{} into prompt.candidate",
        config.name, field));
  }
  return sentences;
}

}  // namespace pagewright
