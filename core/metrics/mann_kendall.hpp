#pragma once
// Whether a short series rises or falls beyond noise.

#include <span>

namespace pagewright {

/// Exact one-sided p-value of the Mann-Kendall test (Mann 1945) that `values`, [n] in time order, rise: the
/// probability that as few pairs are out of order if every order of the values is equally likely. Nothing is
/// assumed of the noise but that it is independent. Equal values count as out of order. 1 for fewer than two
/// values.
double rising_p_value(std::span<const double> values);
/// The same for falling.
double falling_p_value(std::span<const double> values);

}  // namespace pagewright
