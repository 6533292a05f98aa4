#pragma once
// Isotonic regression.

#include <span>
#include <vector>

namespace pagewright {

/// Non-decreasing values of least squared error to the means sums[i] / weights[i], each weighing weights[i] >
/// 0, [n]: neighbours in the wrong order share the mean of both (pool adjacent violators; Ayer and others
/// 1955). Sums and weights instead of means keep counts exact.
std::vector<double> isotonic_means(std::span<const double> sums, std::span<const double> weights);

}  // namespace pagewright
