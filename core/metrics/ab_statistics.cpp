#include "core/metrics/ab_statistics.hpp"

#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/error.hpp"
#include "core/metrics/student_t.hpp"

namespace pagewright {
namespace {

double mean_of_users(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Unbiased covariance; variance when both are the same.
double covariance_of_users(std::span<const double> left, std::span<const double> right) {
  require(left.size() == right.size(), "A/B test: {} values of one kind and {} of another", left.size(),
          right.size());
  require(left.size() >= 2, "A/B test: {} users in a group; at least 2 are needed", left.size());
  const double left_mean = mean_of_users(left), right_mean = mean_of_users(right);
  double sum = 0;
  for (std::size_t i = 0; i < left.size(); ++i) sum += (left[i] - left_mean) * (right[i] - right_mean);
  return sum / static_cast<double>(left.size() - 1);
}

AbTest test_of(double treatment, double control, double variance) {
  require(variance > 0, "A/B test: the values have no variance, so there is nothing to test");
  AbTest test{treatment, control, treatment - control, std::sqrt(variance), 0, 1};
  test.statistic = test.difference / test.error;
  return test;
}

/// A ratio and the variance of its estimate.
struct RatioMoments {
  double ratio = 0;
  double variance = 0;
};

RatioMoments ratio_moments(const RatioOutcome& outcome) {
  const auto [y, x] = outcome;
  const double mean_x = mean_of_users(x);
  require(mean_x > 0, "A/B test: the ratio's denominators sum to 0");
  const double ratio = mean_of_users(y) / mean_x;
  const double spread = covariance_of_users(y, y) - 2 * ratio * covariance_of_users(x, y) +
                        ratio * ratio * covariance_of_users(x, x);
  return {ratio, spread / (static_cast<double>(x.size()) * mean_x * mean_x)};
}

std::vector<double> joined(std::span<const double> left, std::span<const double> right) {
  std::vector<double> all(left.begin(), left.end());
  all.insert(all.end(), right.begin(), right.end());
  return all;
}

std::vector<double> adjusted(const OutcomeWithCovariate& group, double theta, double covariate_mean) {
  std::vector<double> values;
  for (std::size_t i = 0; i < group.outcome.size(); ++i)
    values.push_back(group.outcome[i] - theta * (group.covariate[i] - covariate_mean));
  return values;
}

}  // namespace

AbTest welch_test(std::span<const double> treatment, std::span<const double> control) {
  const double of_treatment =
      covariance_of_users(treatment, treatment) / static_cast<double>(treatment.size());
  const double of_control = covariance_of_users(control, control) / static_cast<double>(control.size());
  const double variance = of_treatment + of_control;
  AbTest test = test_of(mean_of_users(treatment), mean_of_users(control), variance);
  const double degrees = variance * variance /
                         (of_treatment * of_treatment / static_cast<double>(treatment.size() - 1) +
                          of_control * of_control / static_cast<double>(control.size() - 1));
  test.p = student_p_value(test.statistic, degrees);
  return test;
}

CupedTest cuped_test(const OutcomeWithCovariate& treatment, const OutcomeWithCovariate& control) {
  for (const OutcomeWithCovariate& group : {treatment, control})
    require(group.outcome.size() == group.covariate.size(), "CUPED: {} outcomes for {} covariates",
            group.outcome.size(), group.covariate.size());
  const std::vector<double> outcome = joined(treatment.outcome, control.outcome);
  const std::vector<double> covariate = joined(treatment.covariate, control.covariate);
  const double covariance = covariance_of_users(outcome, covariate);
  const double spread = covariance_of_users(covariate, covariate);
  require(spread > 0, "CUPED: the covariate is the same for all users");
  CupedTest result;
  result.theta = covariance / spread;
  result.variance_reduction = covariance * covariance / (spread * covariance_of_users(outcome, outcome));
  const double centre = mean_of_users(covariate);
  result.test =
      welch_test(adjusted(treatment, result.theta, centre), adjusted(control, result.theta, centre));
  return result;
}

RatioTest ratio_test(const RatioOutcome& treatment, const RatioOutcome& control) {
  const RatioMoments t = ratio_moments(treatment), c = ratio_moments(control);
  RatioTest result;
  result.test = test_of(t.ratio, c.ratio, t.variance + c.variance);
  result.test.p = std::erfc(std::abs(result.test.statistic) / std::sqrt(2.0));
  require(c.ratio != 0, "A/B test: the control's ratio is 0, so there is no relative lift");
  result.relative_lift = t.ratio / c.ratio - 1;
  result.lift_error =
      std::sqrt(t.variance / (c.ratio * c.ratio) + t.ratio * t.ratio * c.variance / std::pow(c.ratio, 4));
  return result;
}

SampleRatioTest sample_ratio_test(std::int64_t treatment, std::int64_t control, double treatment_share) {
  require(treatment >= 0 && control >= 0 && treatment + control > 0,
          "sample ratio: groups of {} and {} users", treatment, control);
  require(treatment_share > 0 && treatment_share < 1, "sample ratio: a planned share of {}", treatment_share);
  const double users = static_cast<double>(treatment + control);
  const double off = static_cast<double>(treatment) - users * treatment_share;
  SampleRatioTest result;
  result.chi_square = off * off / (users * treatment_share) + off * off / (users * (1 - treatment_share));
  result.p = std::erfc(std::sqrt(result.chi_square / 2));  // one degree of freedom
  return result;
}

}  // namespace pagewright
