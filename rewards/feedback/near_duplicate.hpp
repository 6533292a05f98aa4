#pragma once
// When two items say nearly the same to a shopper.

#include "core/page/request.hpp"

namespace pagewright {

/// Two prices are in one band if the larger is at most this many times the smaller.
inline constexpr double kNearDuplicatePriceRatio = 1.2;

/// Same category, same brand and same price band: neither of the first two empty, and both prices known or
/// both unknown. An item is a near-duplicate of itself.
bool near_duplicates(const Item& first, const Item& second, double price_ratio = kNearDuplicatePriceRatio);

}  // namespace pagewright
