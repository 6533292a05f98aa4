#pragma once
// Configuration of rule and constraint terms.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/metrics/page_metrics.hpp"

namespace pagewright {

class Section;

enum class RuleKind { redundancy, price_band, attribute, ads, margin, freshness };
/// How much each slot counts.
enum class SlotPositions { equal, discounted };
/// What a feature of freshness holds.
enum class FieldMeaning { age, time };

struct RuleConfig {
  RuleKind kind = RuleKind::ads;
  SlotPositions positions = SlotPositions::equal;
  std::optional<double> target;  ///< the page earns -|share - target| instead of each slot its part
  ItemAttribute attribute = ItemAttribute::category;
  std::vector<std::string> values;  ///< of the attribute
  double price_ratio = 1.2;
  std::int64_t min_price = 0;
  std::optional<std::int64_t> max_price;
  std::string feature;
  double scale = 1;
  FieldMeaning holds = FieldMeaning::age;
  double half_life = 7;
};

/// Which keys a term has beside its name.
enum class RuleForm { redundancy, price_band, seller_share, freshness, margin, ad_share, exposure };
inline constexpr int kRuleForms = static_cast<int>(RuleForm::exposure) + 1;
/// Reads the keys of that form; problems are collected in the section.
RuleConfig read_rule(const Section& section, RuleForm form);
ItemAttribute read_attribute(const Section& section);

}  // namespace pagewright
