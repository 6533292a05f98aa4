#include "rewards/feedback/pair_draw.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <utility>

namespace pagewright {

PairDraw::PairDraw(std::span<const PagePair> pairs, const FamilyWeights& weights) {
  std::array<std::vector<const PagePair*>, kPairFamilies> all;
  for (const PagePair& pair : pairs) all.at(static_cast<std::size_t>(pair.family)).push_back(&pair);
  for (std::size_t family = 0; family < all.size(); ++family) {
    if (all[family].empty() || weights[family] == 0) continue;
    families_.push_back(std::move(all[family]));
    weights_.push_back(weights[family]);
  }
  if (std::adjacent_find(weights_.begin(), weights_.end(), std::not_equal_to<>()) == weights_.end())
    weights_.clear();
}

const PagePair* PairDraw::draw(CounterRandom& random) const {
  if (families_.empty()) return nullptr;
  std::size_t family = 0;
  if (weights_.empty()) {
    family = random.below(families_.size());
  } else {
    double left = random.uniform() * std::accumulate(weights_.begin(), weights_.end(), 0.0);
    while (family + 1 < weights_.size() && left >= weights_[family]) left -= weights_[family++];
  }
  return families_[family][random.below(families_[family].size())];
}

}  // namespace pagewright
