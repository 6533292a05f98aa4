#include "rewards/terms/term_config.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/config/section.hpp"

namespace pagewright {

namespace {

bool is_term_name(const std::string& name) {
  const auto fits = [](unsigned char byte) { return std::isalnum(byte) != 0 || byte == '_' || byte == '-'; };
  return !name.empty() && std::ranges::all_of(name, fits);
}

std::optional<RuleForm> rule_form(TermKind kind) {
  static const std::map<TermKind, RuleForm> kForms{{TermKind::redundancy, RuleForm::redundancy},
                                                   {TermKind::price_band, RuleForm::price_band},
                                                   {TermKind::seller_share, RuleForm::seller_share},
                                                   {TermKind::freshness, RuleForm::freshness},
                                                   {TermKind::margin, RuleForm::margin},
                                                   {TermKind::ad_share, RuleForm::ad_share},
                                                   {TermKind::exposure, RuleForm::exposure}};
  const auto found = kForms.find(kind);
  return found == kForms.end() ? std::nullopt : std::optional(found->second);
}

bool is_constraint(TermKind kind) {
  return kind == TermKind::ad_share || kind == TermKind::exposure;
}

ConstraintConfig read_constraint(const Section& section, const TermConfig& term) {
  ConstraintConfig config;
  config.term = term.name;
  config.at_most = term.kind == TermKind::ad_share;
  const char* const doc = "ad_share: the most, exposure: the least share of a page's slots, on average";
  if (section.has("kind"))
    section.read_required("limit", config.limit, in_closed(0, 1), doc);
  else
    section.read("limit", config.limit, in_closed(0, 1), doc);
  section.read("rate", config.rate, above(0),
               "constraint: step of the multiplier for a violation of 1, an iteration");
  section.read("initial", config.initial, at_least(0), "constraint: multiplier of the first iteration");
  section.read("max_multiplier", config.most, above(0), "constraint: bound of the multiplier");
  if (config.initial > config.most) {
    section.complain("initial", "initial must not be above max_multiplier");
    config.initial = config.most;
  }
  return config;
}

TermConfig read_term(const Section& section) {
  TermConfig config;
  section.read_required_enum(
      "kind", config.kind,
      {{"external", TermKind::external},
       {"validity", TermKind::validity},
       {"diversity", TermKind::diversity},
       {"redundancy", TermKind::redundancy},
       {"price_band", TermKind::price_band},
       {"seller_share", TermKind::seller_share},
       {"freshness", TermKind::freshness},
       {"margin", TermKind::margin},
       {"ad_share", TermKind::ad_share},
       {"exposure", TermKind::exposure}},
      "what the term is; decides which of the other keys it has (docs/reward-terms.md)");
  section.read_required("name", config.name, "letters, digits, _ and -; its metric is term.NAME");
  if (section.has("name") && !is_term_name(config.name))
    section.complain("name", "'" + config.name + "' must be letters, digits, _ and -");
  // Without a kind (the reference page, or an error) the keys of every kind are known.
  const bool any = !section.has("kind");
  if (any || !is_constraint(config.kind))
    section.read("weight", config.weight, "its share in the reward; a constraint has a multiplier instead");
  if (any || config.kind == TermKind::external) config.external = ExternalConfig::from(section);
  if (any || config.kind == TermKind::diversity) config.rule.attribute = read_attribute(section);
  if (any)
    for (int form = 0; form < kRuleForms; ++form) read_rule(section, static_cast<RuleForm>(form));
  else if (const auto form = rule_form(config.kind))
    config.rule = read_rule(section, *form);
  if (any || is_constraint(config.kind)) config.constraint = read_constraint(section, config);
  return config;
}

}  // namespace

std::vector<TermConfig> read_terms(const Section& rewards) {
  std::vector<TermConfig> terms;
  std::set<std::string> names{"page", "item", "swap", "potential", "diversity", "oracle"};
  for (const Section& section :
       rewards.children("terms", "reward terms beside the learned ones (docs/reward-terms.md)")) {
    terms.push_back(read_term(section));
    if (!terms.back().name.empty() && !names.insert(terms.back().name).second)
      section.complain("name", "'" + terms.back().name + "' is the name of another term; choose another");
  }
  return terms;
}

std::vector<ConstraintConfig> constraints_of(const std::vector<TermConfig>& terms) {
  std::vector<ConstraintConfig> constraints;
  for (const TermConfig& term : terms)
    if (term.constraint && is_constraint(term.kind)) constraints.push_back(*term.constraint);
  return constraints;
}

bool is_free_term_key(const std::string& path) {
  return path.starts_with("rewards.terms[") && is_external_manner(path.substr(path.rfind('.') + 1));
}

}  // namespace pagewright
