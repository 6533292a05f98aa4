#include "rewards/terms/rules/rule_config.hpp"

#include "core/config/section.hpp"
#include "rewards/feedback/near_duplicate.hpp"

namespace pagewright {

namespace {

void read_target(const Section& section, RuleConfig& config) {
  section.read(
      "target", config.target, in_closed(0, 1),
      "price_band, seller_share: the page earns -|share - target|; null: each slot earns its part of "
      "the share");
}

void read_values(const Section& section, const char* key, RuleConfig& config) {
  section.read(key, config.values,
               std::string(key) == "sellers" ? "seller_share: whose share it is"
                                             : "exposure: the group's values of the attribute");
  if (section.has("kind") && config.values.empty())
    section.complain(section.has(key) ? key : "", std::string("`") + key + "` must name at least one");
}

void read_feature(const Section& section, RuleConfig& config) {
  section.read("feature", config.feature, "freshness, margin: numeric feature of the candidates");
  if (section.has("kind") && config.feature.empty())
    section.complain(section.has("feature") ? "feature" : "",
                     "`feature` must name a feature of the candidates");
}

void read_band(const Section& section, RuleConfig& config) {
  section.read("min_price", config.min_price, at_least(0).in_units("minor units"),
               "price_band: lowest price in the band");
  section.read("max_price", config.max_price, at_least(0).in_units("minor units"),
               "price_band: the first price above it; null: none");
  if (config.max_price && *config.max_price <= config.min_price)
    section.complain("max_price", "max_price must be above min_price");
}

}  // namespace

ItemAttribute read_attribute(const Section& section) {
  ItemAttribute attribute = ItemAttribute::category;
  section.read_enum("attribute", attribute,
                    {{"category", ItemAttribute::category},
                     {"brand", ItemAttribute::brand},
                     {"seller", ItemAttribute::seller}},
                    "diversity, exposure: which attribute of the items");
  return attribute;
}

RuleConfig read_rule(const Section& section, RuleForm form) {
  RuleConfig config;
  section.read_enum("positions", config.positions,
                    {{"equal", SlotPositions::equal}, {"discounted", SlotPositions::discounted}},
                    "how much a slot counts: equally, or in proportion to 1 / log2(k + 2), k from 0");
  switch (form) {
    case RuleForm::redundancy:
      config.kind = RuleKind::redundancy;
      config.price_ratio = kNearDuplicatePriceRatio;
      section.read("price_ratio", config.price_ratio, at_least(1),
                   "redundancy: near duplicates' prices are at most so many times each other");
      break;
    case RuleForm::price_band:
      config.kind = RuleKind::price_band;
      read_band(section, config);
      read_target(section, config);
      break;
    case RuleForm::seller_share:
      config.kind = RuleKind::attribute;
      config.attribute = ItemAttribute::seller;
      read_values(section, "sellers", config);
      read_target(section, config);
      break;
    case RuleForm::freshness:
      config.kind = RuleKind::freshness;
      read_feature(section, config);
      section.read_enum("holds", config.holds, {{"age", FieldMeaning::age}, {"time", FieldMeaning::time}},
                        "freshness: age in the unit of half_life, or time in seconds since the epoch");
      section.read("half_life", config.half_life, above(0),
                   "freshness: age at which an item is worth half; in seconds if the feature holds a time");
      break;
    case RuleForm::margin:
      config.kind = RuleKind::margin;
      read_feature(section, config);
      section.read("scale", config.scale, above(0), "margin: value of the feature that is worth 1");
      break;
    case RuleForm::ad_share:
      config.kind = RuleKind::ads;
      break;
    case RuleForm::exposure:
      config.kind = RuleKind::attribute;
      config.attribute = read_attribute(section);
      read_values(section, "values", config);
      break;
  }
  return config;
}

}  // namespace pagewright
