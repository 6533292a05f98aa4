#pragma once
// The list `rewards.terms` of an experiment: reward terms beside the learned ones.

#include <optional>
#include <string>
#include <vector>

#include "core/rl/lagrange_multiplier.hpp"
#include "rewards/terms/external/external_config.hpp"
#include "rewards/terms/rules/rule_config.hpp"

namespace pagewright {

class Section;

enum class TermKind {
  external,
  validity,
  diversity,
  redundancy,
  price_band,
  seller_share,
  freshness,
  margin,
  ad_share,  ///< a constraint
  exposure,  ///< a constraint
};

struct TermConfig {
  TermKind kind = TermKind::external;
  std::string name;  ///< of its metric, term.NAME
  double weight = 1;
  ExternalConfig external;
  RuleConfig rule;
  std::optional<ConstraintConfig> constraint;
};

/// Reads the list in the section `rewards`. Names differ from each other and from those of the terms with
/// keys of their own.
std::vector<TermConfig> read_terms(const Section& rewards);

/// The bounds that the learners are to keep.
std::vector<ConstraintConfig> constraints_of(const std::vector<TermConfig>& terms);

/// Whether the key with this path, "rewards.terms[1].deadline", cannot change what a term says.
bool is_free_term_key(const std::string& path);

}  // namespace pagewright
