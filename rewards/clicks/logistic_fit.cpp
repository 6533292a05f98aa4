#include "rewards/clicks/logistic_fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/numerics/cholesky.hpp"

namespace pagewright {
namespace {

double logit_of(std::span<const double> features, std::span<const double> weights) {
  double sum = weights[0];
  for (std::size_t f = 0; f < features.size(); ++f) sum += features[f] * weights[f + 1];
  return sum;
}

/// log(1 + exp(x)) without overflow.
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

/// Gradient [n] and negated Hessian [n, n] (lower triangle) of the objective.
struct NewtonSystem {
  explicit NewtonSystem(std::size_t n) : size(n), gradient(n), curvature(n * n) {}
  std::size_t size;
  std::vector<double> gradient, curvature;
};

NewtonSystem newton_system(const LogisticData& data, std::span<const double> weights) {
  NewtonSystem system(weights.size());
  std::vector<double> row(weights.size(), 1.0);
  for (std::size_t d = 0; d < data.trials.size(); ++d) {
    if (data.trials[d] <= 0) continue;
    const std::span<const double> features = data.features.row(d);
    std::copy(features.begin(), features.end(), row.begin() + 1);
    const double rate = logistic_rate(features, weights);
    const double residual = data.successes[d] - data.trials[d] * rate;
    const double spread = data.trials[d] * rate * (1 - rate);
    for (std::size_t i = 0; i < row.size(); ++i) {
      system.gradient[i] += residual * row[i];
      for (std::size_t j = 0; j <= i; ++j) system.curvature[i * system.size + j] += spread * row[i] * row[j];
    }
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    constexpr double kTiny = 1e-9;  // keeps the system solvable where a feature never varies
    const double ridge = i == 0 ? 0 : data.ridge;
    system.gradient[i] -= ridge * weights[i];
    system.curvature[i * system.size + i] += ridge + kTiny;
  }
  return system;
}

}  // namespace

double logistic_rate(std::span<const double> features, std::span<const double> weights) {
  return 1 / (1 + std::exp(-logit_of(features, weights)));
}

double logistic_objective(const LogisticData& data, std::span<const double> weights) {
  double sum = 0;
  for (std::size_t d = 0; d < data.trials.size(); ++d) {
    if (data.trials[d] <= 0) continue;
    const double logit = logit_of(data.features.row(d), weights);
    sum += data.successes[d] * logit - data.trials[d] * softplus(logit);
  }
  for (std::size_t i = 1; i < weights.size(); ++i) sum -= 0.5 * data.ridge * weights[i] * weights[i];
  return sum;
}

void fit_logistic(const LogisticData& data, std::vector<double>& weights) {
  constexpr int kMostSteps = 50, kMostHalvings = 30;
  constexpr double kEnough = 1e-12;
  if (std::none_of(data.trials.begin(), data.trials.end(), [](double n) { return n > 0; })) return;
  double objective = logistic_objective(data, weights);
  for (int step = 0; step < kMostSteps; ++step) {
    NewtonSystem system = newton_system(data, weights);
    const std::vector<double> direction =
        solve_positive_definite(std::move(system.curvature), std::move(system.gradient));
    double length = 1, gain = 0;
    for (int halving = 0; halving < kMostHalvings; ++halving, length /= 2) {
      std::vector<double> tried = weights;
      for (std::size_t i = 0; i < tried.size(); ++i) tried[i] += length * direction[i];
      gain = logistic_objective(data, tried) - objective;
      if (!(gain > 0)) continue;
      weights = std::move(tried);
      break;
    }
    if (!(gain > kEnough * (1 + std::abs(objective)))) return;
    objective += gain;
  }
}

}  // namespace pagewright
