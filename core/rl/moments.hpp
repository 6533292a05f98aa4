#pragma once
// Count, mean and sum of squared deviations, merged without cancellation.

#include <cstdint>
#include <span>

namespace pagewright {

/// Moments in double. Merging is Chan, Golub, LeVeque 1979; E[x^2] - E[x]^2 is never formed, so a large mean
/// does not eat the variance. Adding and merging round, so the same moments in bits need the same order of
/// calls.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;  ///< sum of (x - mean)^2

  void add(double value);
  void merge(const Moments& other);

  double variance() const { return count > 0 ? m2 / count : 0; }               ///< biased: over count
  double sample_variance() const { return count > 1 ? m2 / (count - 1) : 0; }  ///< unbiased: over count - 1

  /// Of the values whose mask is not 0; an empty mask takes all. Two passes. `values` and `mask` are [N].
  static Moments of(std::span<const double> values, std::span<const std::uint8_t> mask = {});
  bool operator==(const Moments&) const = default;
};

}  // namespace pagewright
