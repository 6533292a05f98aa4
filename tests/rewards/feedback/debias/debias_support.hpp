#pragma once
// Logs whose position bias and item gains are known.

#include <cstdint>
#include <string>
#include <vector>

#include "rewards/feedback/debias/item_gains.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright::test {

/// A shop with strong position bias that puts good items high: what an item is worth does not depend on user
/// or page, and all that hides it is where it stood and chance.
World biased_world(std::int64_t pages, std::uint64_t seed = 1);

/// Examination of the eight slots of biased_world().
std::vector<double> biased_examination();

/// What an unattractive item is clicked for at each of the eight slots when it is looked at.
std::vector<double> strong_trust();

/// Draws all events of the log anew from its world, users clicking unattractive items that they look at with
/// the probability of the slot. Purchases follow clicks on attractive items only.
void add_trust_bias(FeedbackLog& log, const World& world, const std::vector<double>& trust,
                    std::uint64_t seed);

/// How far the gains of an estimator are from the truth.
struct GainError {
  /// Root mean square over training impressions of (s * mean debiased gain of the item - its true gain if it
  /// is looked at), relative to the mean true gain; s is the factor with which that is smallest.
  double rmse = 0;
  /// Share of pairs of items, by what all their swaps say, that are ordered wrongly; pairs that stood on less
  /// than ten pages together are left out.
  double wrong_pairs = 0;
};
GainError gain_error(const World& world, const FeedbackLog& log, const ItemGains& gains);

}  // namespace pagewright::test
