#pragma once
// Statistics of A/B tests whose unit is the user: one value per user, two groups that were drawn at random.

#include <cstdint>
#include <span>

namespace pagewright {

/// Difference of two means, its standard error, and the two-sided p-value of no difference.
struct AbTest {
  double treatment = 0;
  double control = 0;
  double difference = 0;  ///< treatment - control
  double error = 0;       ///< standard error of the difference
  double statistic = 0;   ///< difference / error
  double p = 1;
};

/// Welch's t-test: unequal variances, Welch-Satterthwaite degrees of freedom. At least two users per group
/// and some variance, else Error.
AbTest welch_test(std::span<const double> treatment, std::span<const double> control);

/// CUPED (Deng et al. 2013): the outcome less theta times the covariate known before the test, theta = cov /
/// var over both groups pooled; then Welch's test on the adjusted values.
struct CupedTest {
  AbTest test;
  double theta = 0;
  double variance_reduction = 0;  ///< squared correlation of outcome and covariate
};
struct OutcomeWithCovariate {
  std::span<const double> outcome;    ///< [users]
  std::span<const double> covariate;  ///< [users]
};
CupedTest cuped_test(const OutcomeWithCovariate& treatment, const OutcomeWithCovariate& control);

/// A ratio of sums such as clicks / impressions, whose users are the random units.
struct RatioOutcome {
  std::span<const double> numerator;    ///< [users]
  std::span<const double> denominator;  ///< [users]
};
struct RatioTest {
  AbTest test;               ///< normal approximation
  double relative_lift = 0;  ///< treatment / control - 1
  double lift_error = 0;     ///< standard error of relative_lift
};
/// Delta method: var(ratio) = (var y - 2 r cov(x, y) + r^2 var x) / (n mean(x)^2) for y over x.
RatioTest ratio_test(const RatioOutcome& treatment, const RatioOutcome& control);

/// Sample ratio mismatch: chi-square test that the groups' sizes follow the planned share of the treatment. A
/// small p means that the assignment is broken and that no other figure of the test can be trusted.
struct SampleRatioTest {
  double chi_square = 0;
  double p = 1;
};
SampleRatioTest sample_ratio_test(std::int64_t treatment, std::int64_t control, double treatment_share = 0.5);

}  // namespace pagewright
