#pragma once
// Percentile bootstrap intervals that resample users, so that the pages of one user stay together.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pagewright {

/// A mean with its interval.
struct Estimate {
  double mean = 0;     ///< not a number when n is 0
  double low = 0;      ///< lower end; not a number where no interval is given
  double high = 0;     ///< upper end
  std::int64_t n = 0;  ///< observations that count
};

struct BootstrapOptions {
  std::uint64_t seed = 0;
  int resamples = 2000;
  double level = 0.95;
};

/// One statistic: sum of numerators / sum of denominators over the observations. A mean has denominators 1;
/// an observation that is not defined (a metric without clicks) has numerator and denominator 0.
struct RatioColumn {
  std::vector<double> numerator;    ///< [observations]
  std::vector<double> denominator;  ///< [observations]
};

/// Column of a mean. Values that are not a number are left out.
RatioColumn mean_column(std::span<const double> values);
/// Column of the mean of left - right, over the observations where both are numbers.
RatioColumn difference_column(std::span<const double> left, std::span<const double> right);

/// Numbers users 0, 1, ... in order of appearance: [observations].
std::vector<std::int32_t> number_users(std::span<const std::string> users);

/// Estimates of all columns: the statistic over all observations, and the percentiles (linear interpolation
/// between order statistics) over `resamples` draws of as many users as there are, with replacement. Sums are
/// formed per user first, so that a resample costs users x columns; ratios of sums weigh every page alike
/// whatever its user's number of pages. The same draws serve all columns and depend on (seed, number of
/// users) alone. A resample in which a column's denominators sum to 0 is left out for that column. `n` counts
/// the observations whose denominator is not 0. Intervals need at least two users: with one, low = high =
/// mean.
std::vector<Estimate> bootstrap_by_user(std::span<const std::int32_t> users,
                                        std::span<const RatioColumn> columns,
                                        const BootstrapOptions& options);

}  // namespace pagewright
