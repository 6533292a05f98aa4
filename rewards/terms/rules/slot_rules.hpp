#pragma once
// Rules that give each slot of a page a number x_k.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/page/request.hpp"
#include "rewards/terms/rules/rule_config.hpp"

namespace pagewright {

/// x_k for the items of a page (indices of the request's candidates, in page order), [K].
using SlotValueRule =
    std::function<std::vector<double>(const Request& request, std::span<const std::int32_t> items)>;

/// x_k = -1 if an earlier slot of the page holds a near duplicate of the item (same category and brand, the
/// larger price at most `price_ratio` times the smaller: rewards/feedback/near_duplicate.hpp), else 0.
SlotValueRule redundancy_rule(double price_ratio);
/// x_k = 1 if the price is in [min, max) in minor units, else 0; 0 without a price.
SlotValueRule price_band_rule(std::int64_t min_price, std::optional<std::int64_t> max_price);
/// x_k = 1 if the item's attribute is one of `values`, else 0.
SlotValueRule attribute_rule(ItemAttribute attribute, std::set<std::string> values);
/// x_k = 1 for an ad, else 0.
SlotValueRule ad_rule();
/// x_k = v / scale of the feature's value v; 0 without the feature.
SlotValueRule feature_rule(std::string feature, double scale);
/// x_k = 2^(-max(0, a) / half_life) of the item's age a; 0 without the feature. With FieldMeaning::age the
/// feature is a itself, in the unit of half_life; with FieldMeaning::time it is seconds since the epoch, a =
/// request.timestamp - feature, and half_life is in seconds.
SlotValueRule freshness_rule(std::string feature, FieldMeaning meaning, double half_life);

/// The rule of a configured term.
SlotValueRule slot_rule(const RuleConfig& config);

/// Weights w_k of the slots, which sum to 1, [K]: 1 / K, or with SlotPositions::discounted in proportion to
/// 1 / log2(k + 2), k from 0, as in DCG.
std::vector<double> position_weights(std::size_t slots, SlotPositions positions);

}  // namespace pagewright
