#pragma once
// Which pair an example of the page model learns from.

#include <span>
#include <vector>

#include "core/base/rng.hpp"
#include "rewards/feedback/pairs.hpp"

namespace pagewright {

/// Draws a family, of those that have pairs, in proportion to the weights, then one of its pairs, all alike.
/// Families of weight 0 are never drawn. Keeps references to the pairs.
class PairDraw {
 public:
  PairDraw(std::span<const PagePair> pairs, const FamilyWeights& weights);

  /// nullptr if there is nothing to draw.
  const PagePair* draw(CounterRandom& random) const;

 private:
  std::vector<std::vector<const PagePair*>> families_;
  std::vector<double> weights_;  ///< of families_; empty if all are alike
};

}  // namespace pagewright
