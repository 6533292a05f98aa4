#include "rewards/feedback/near_duplicate.hpp"

#include <algorithm>

namespace pagewright {

bool near_duplicates(const Item& first, const Item& second, double price_ratio) {
  if (first.category != second.category || first.category.empty()) return false;
  if (first.brand != second.brand || first.brand.empty()) return false;
  if (!first.price || !second.price) return !first.price && !second.price;
  // A list: std::minmax of two temporaries would return references to them.
  const auto [low, high] =
      std::minmax({static_cast<double>(*first.price), static_cast<double>(*second.price)});
  return high <= low * price_ratio;
}

}  // namespace pagewright
