#pragma once
// Correlations of two measurements of the same things.

#include <span>

namespace pagewright {

/// Product-moment correlation of x and y, [n] each; 0 where one of them does not vary.
double pearson_correlation(std::span<const double> x, std::span<const double> y);
/// The same of their ranks (Spearman 1904); equal values share the mean of their ranks.
double spearman_correlation(std::span<const double> x, std::span<const double> y);

}  // namespace pagewright
