#pragma once
// Intervals for the mean of a few independent values, such as one for each seed.

#include <span>

#include "core/metrics/bootstrap.hpp"

namespace pagewright {

/// Two-sided p-value of Student's t with `degrees` of freedom, which need not be whole, by the continued
/// fraction of the incomplete beta function (DLMF 8.17.22).
double student_p_value(double t, double degrees);
/// P(T <= t) of Student's t distribution with so many degrees of freedom (at least 1).
double student_t_distribution(double t, int degrees);
/// The t with student_t_distribution(t, degrees) = probability, which lies in (0, 1).
double student_t_quantile(double probability, int degrees);

/// Mean of the values that are numbers, and the interval mean +- t s / sqrt(n) with s over n - 1 (Student
/// 1908). With fewer than two values low and high are not numbers; n counts the values used.
Estimate mean_with_t_interval(std::span<const double> values, double level = 0.95);

}  // namespace pagewright
