#include "core/metrics/mann_kendall.hpp"

#include <cstddef>
#include <vector>

namespace pagewright {

namespace {

/// P(at most `most` inversions) of a uniformly random order of n: item m adds 0 to m - 1 of them, uniformly.
double at_most_inversions(std::size_t n, std::size_t most) {
  std::vector<double> probability(most + 1, 0.0);
  probability[0] = 1;
  for (std::size_t m = 2; m <= n; ++m) {
    std::vector<double> next(most + 1, 0.0);
    for (std::size_t total = 0; total <= most; ++total)
      for (std::size_t added = 0; added < m && added <= total; ++added)
        next[total] += probability[total - added] / static_cast<double>(m);
    probability = next;
  }
  double sum = 0;
  for (const double value : probability) sum += value;
  return sum;
}

}  // namespace

double rising_p_value(std::span<const double> values) {
  if (values.size() < 2) return 1;
  std::size_t inversions = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = i + 1; j < values.size(); ++j)
      if (!(values[i] < values[j])) ++inversions;
  return at_most_inversions(values.size(), inversions);
}

double falling_p_value(std::span<const double> values) {
  std::vector<double> turned;
  for (const double value : values) turned.push_back(-value);
  return rising_p_value(turned);
}

}  // namespace pagewright
