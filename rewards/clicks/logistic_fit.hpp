#pragma once
// Logistic regression on counts, by Newton's method.

#include <span>
#include <vector>

#include "rewards/clicks/click_sessions.hpp"

namespace pagewright {

/// successes[d] of trials[d] (expectations, so not whole) of a document with features row(d).
struct LogisticData {
  const FeatureTable& features;
  std::span<const double> successes;  ///< [D]
  std::span<const double> trials;     ///< [D]
  double ridge = 0;                   ///< of half the squared weights; the intercept is free
};

/// Probability of a document: 1 / (1 + exp(-(weights[0] + sum of features * weights[1 ...]))).
double logistic_rate(std::span<const double> features, std::span<const double> weights);

/// sum_d successes log p_d + (trials - successes) log(1 - p_d) - ridge/2 |weights without intercept|^2.
double logistic_objective(const LogisticData& data, std::span<const double> weights);

/// Raises the objective from the given weights, [F + 1] with the intercept first, to its maximum: it is
/// concave, and a step that would lower it is halved. Without trials the weights stay.
void fit_logistic(const LogisticData& data, std::vector<double>& weights);

}  // namespace pagewright
