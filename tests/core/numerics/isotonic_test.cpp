#include "core/numerics/isotonic.hpp"

#include <cstddef>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Least squares over all ways to cut the values into blocks of one value each, the values not falling.
std::vector<double> isotonic_by_enumeration(const std::vector<double>& values,
                                            const std::vector<double>& weights) {
  const std::size_t n = values.size();
  std::vector<double> best;
  double least = 1e300;
  for (std::size_t cuts = 0; cuts < (std::size_t{1} << (n - 1)); ++cuts) {
    std::vector<double> fitted;
    double error = 0;
    bool rises = true;
    for (std::size_t begin = 0; begin < n;) {
      std::size_t end = begin + 1;
      while (end < n && !((cuts >> (end - 1)) & 1U)) ++end;
      double sum = 0, weight = 0;
      for (std::size_t i = begin; i < end; ++i) {
        sum += weights[i] * values[i];
        weight += weights[i];
      }
      rises = rises && (fitted.empty() || fitted.back() <= sum / weight);
      for (std::size_t i = begin; i < end; ++i) {
        fitted.push_back(sum / weight);
        error += weights[i] * (values[i] - sum / weight) * (values[i] - sum / weight);
      }
      begin = end;
    }
    if (rises && error < least - 1e-12) {
      least = error;
      best = fitted;
    }
  }
  return best;
}

TEST_CASE("isotonic regression is the best of all non-decreasing fits") {
  CounterRandom random(7, RandomStream::controls);
  for (int round = 0; round < 60; ++round) {
    std::vector<double> values, weights;
    for (int i = 0; i < 9; ++i) {
      values.push_back(0.15 * i + random.normal());
      weights.push_back(0.2 + random.uniform());
    }
    std::vector<double> sums;
    for (std::size_t i = 0; i < values.size(); ++i) sums.push_back(values[i] * weights[i]);
    const auto fitted = isotonic_means(sums, weights), expected = isotonic_by_enumeration(values, weights);
    REQUIRE(fitted.size() == expected.size());
    for (std::size_t i = 0; i < fitted.size(); ++i) CHECK(fitted[i] == Approx(expected[i]).epsilon(1e-9));
  }
}

}  // namespace
}  // namespace pagewright
