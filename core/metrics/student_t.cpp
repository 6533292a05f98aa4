#include "core/metrics/student_t.hpp"

#include <cmath>
#include <limits>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

/// The continued fraction of the incomplete beta function, by Lentz's method (Abramowitz and Stegun 26.5.8).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kPrecision = 1e-16;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), fraction = d;
  for (int m = 1; m < 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (const double term : {even, odd}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      step = c * d;
      fraction *= step;
    }
    if (std::abs(step - 1) < kPrecision) break;
  }
  return fraction;
}

/// Regularised incomplete beta function I_x(a, b).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double student_p_value(double t, double degrees) {
  require(degrees > 0, "Student's t: {} degrees of freedom", degrees);
  return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double student_t_distribution(double t, int degrees) {
  require(degrees >= 1, "Student's t distribution needs at least 1 degree of freedom, not {}", degrees);
  const double square = t * t;
  // Each form is exact where its argument is small.
  if (square < degrees)
    return 0.5 + std::copysign(0.5 * incomplete_beta(0.5, 0.5 * degrees, square / (degrees + square)), t);
  const double tail = 0.5 * student_p_value(t, degrees);
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double probability, int degrees) {
  require(probability > 0 && probability < 1, "a quantile's probability lies in (0, 1), not {}", probability);
  double low = -1, high = 1;
  while (student_t_distribution(low, degrees) > probability) low *= 2;
  while (student_t_distribution(high, degrees) < probability) high *= 2;
  for (int halving = 0; halving < 200 && low < high; ++halving) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (student_t_distribution(middle, degrees) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

Estimate mean_with_t_interval(std::span<const double> values, double level) {
  Estimate estimate{0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(), 0};
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    estimate.mean += value;
    ++estimate.n;
  }
  const auto count = static_cast<double>(estimate.n);
  estimate.mean = estimate.n > 0 ? estimate.mean / count : std::numeric_limits<double>::quiet_NaN();
  if (estimate.n < 2) return estimate;
  double squares = 0;
  for (const double value : values)
    if (std::isfinite(value)) squares += (value - estimate.mean) * (value - estimate.mean);
  const double half = student_t_quantile(0.5 + level / 2, static_cast<int>(estimate.n - 1)) *
                      std::sqrt(squares / (count - 1) / count);
  estimate.low = estimate.mean - half;
  estimate.high = estimate.mean + half;
  return estimate;
}

}  // namespace pagewright
