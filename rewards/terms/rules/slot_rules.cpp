#include "rewards/terms/rules/slot_rules.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rewards/feedback/near_duplicate.hpp"

namespace pagewright {

namespace {

/// A rule that looks at one item at a time.
template <class Value>
SlotValueRule rule_of_items(Value value) {
  return [value = std::move(value)](const Request& request, std::span<const std::int32_t> items) {
    std::vector<double> result;
    for (const std::int32_t item : items)
      result.push_back(value(request, request.candidates[static_cast<std::size_t>(item)]));
    return result;
  };
}

}  // namespace

SlotValueRule redundancy_rule(double price_ratio) {
  return [price_ratio](const Request& request, std::span<const std::int32_t> items) {
    std::vector<double> result(items.size());
    const auto item = [&](std::size_t k) -> const Item& {
      return request.candidates[static_cast<std::size_t>(items[k])];
    };
    for (std::size_t k = 0; k < items.size(); ++k)
      for (std::size_t j = 0; j < k; ++j)
        if (near_duplicates(item(j), item(k), price_ratio)) result[k] = -1;
    return result;
  };
}

SlotValueRule price_band_rule(std::int64_t min_price, std::optional<std::int64_t> max_price) {
  return rule_of_items([=](const Request&, const Item& item) {
    return item.price && *item.price >= min_price && (!max_price || *item.price < *max_price) ? 1.0 : 0.0;
  });
}

SlotValueRule attribute_rule(ItemAttribute attribute, std::set<std::string> values) {
  return rule_of_items([attribute, values = std::move(values)](const Request&, const Item& item) {
    return values.contains(attribute_of(item, attribute)) ? 1.0 : 0.0;
  });
}

SlotValueRule ad_rule() {
  return rule_of_items([](const Request&, const Item& item) { return item.ad ? 1.0 : 0.0; });
}

SlotValueRule feature_rule(std::string feature, double scale) {
  return rule_of_items([feature = std::move(feature), scale](const Request&, const Item& item) {
    const auto found = item.features.find(feature);
    return found == item.features.end() ? 0.0 : found->second / scale;
  });
}

SlotValueRule freshness_rule(std::string feature, FieldMeaning meaning, double half_life) {
  return rule_of_items([feature = std::move(feature), meaning, half_life](const Request& request,
                                                                          const Item& item) {
    const auto found = item.features.find(feature);
    if (found == item.features.end()) return 0.0;
    const double age =
        meaning == FieldMeaning::age ? found->second : static_cast<double>(request.timestamp) - found->second;
    return std::exp2(-std::max(0.0, age) / half_life);
  });
}

SlotValueRule slot_rule(const RuleConfig& config) {
  switch (config.kind) {
    case RuleKind::redundancy:
      return redundancy_rule(config.price_ratio);
    case RuleKind::price_band:
      return price_band_rule(config.min_price, config.max_price);
    case RuleKind::attribute:
      return attribute_rule(config.attribute, {config.values.begin(), config.values.end()});
    case RuleKind::margin:
      return feature_rule(config.feature, config.scale);
    case RuleKind::freshness:
      return freshness_rule(config.feature, config.holds, config.half_life);
    case RuleKind::ads:
      break;
  }
  return ad_rule();
}

std::vector<double> position_weights(std::size_t slots, SlotPositions positions) {
  std::vector<double> weights(slots, 1.0);
  if (positions == SlotPositions::discounted)
    for (std::size_t k = 0; k < slots; ++k) weights[k] = 1 / std::log2(static_cast<double>(k) + 2);
  double all = 0;
  for (const double weight : weights) all += weight;
  for (double& weight : weights) weight /= all;
  return weights;
}

}  // namespace pagewright
