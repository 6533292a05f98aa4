#include "core/rl/whiten.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

double whiten_divisor(const Moments& moments, const WhitenOptions& options) {
  const double variance = options.unbiased ? moments.sample_variance() : moments.variance();
  switch (options.divisor) {
    case WhitenDivisor::sqrt_of_variance_plus_eps:
      return std::sqrt(variance + options.eps);
    case WhitenDivisor::sqrt_of_variance_at_least:
      return std::sqrt(std::max(variance, options.eps));
    case WhitenDivisor::deviation_plus_eps:
      return std::sqrt(variance) + options.eps;
  }
  fail("whitening: unknown divisor");
}

}  // namespace

void whiten(std::span<double> values, const Moments& moments, const WhitenOptions& options,
            std::span<const std::uint8_t> mask) {
  require(mask.empty() || mask.size() == values.size(), "whitening: {} values but {} mask entries",
          values.size(), mask.size());
  const double divisor = whiten_divisor(moments, options);
  const double back = options.shift_mean ? 0 : moments.mean;
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = mask.empty() || mask[i] != 0 ? (values[i] - moments.mean) / divisor + back : 0;
}

}  // namespace pagewright
