#include "rewards/clicks/rate_table.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "rewards/clicks/logistic_fit.hpp"

namespace pagewright {

RateTable::RateTable(std::size_t size, Smoothing smoothing, double start)
    : values_(size, start), smoothing_(smoothing) {}

void RateTable::set(std::span<const double> values) {
  require(values.size() == values_.size(), "click model: {} probabilities are given where {} are needed",
          values.size(), values_.size());
  for (const double value : values)
    require(value >= 0 && value <= 1, "click model: {} is no probability", value);
  values_.assign(values.begin(), values.end());
}

void RateTable::update(const RateCounts& counts) {
  for (std::size_t i = 0; i < values_.size(); ++i)
    if (const double trials = smoothing_.trials + counts.trials[i]; trials > 0)
      values_[i] = (smoothing_.successes + counts.successes[i]) / trials;
}

double RateTable::log_prior() const {
  const double failures = smoothing_.trials - smoothing_.successes;
  double sum = 0;
  for (const double rate : values_) {
    if (smoothing_.successes > 0) sum += smoothing_.successes * std::log(rate);
    if (failures > 0) sum += failures * std::log1p(-rate);
  }
  return sum;
}

std::optional<double> RateTable::prior_mean() const {
  if (smoothing_.trials <= 0) return std::nullopt;
  return smoothing_.successes / smoothing_.trials;
}

FeatureRates::FeatureRates(const FeatureTable& features, double ridge)
    : RateTable(features.documents(), {0, 0}),
      features_(features),
      ridge_(ridge),
      weights_(features.width() + 1) {}

void FeatureRates::update(const RateCounts& counts) {
  fit_logistic({features_, counts.successes, counts.trials, ridge_}, weights_);
  predict();
}

void FeatureRates::set_weights(std::span<const double> weights) {
  require(weights.size() == weights_.size(), "click model: {} weights are given where {} are needed",
          weights.size(), weights_.size());
  for (const double weight : weights) require(std::isfinite(weight), "click model: a weight is {}", weight);
  weights_.assign(weights.begin(), weights.end());
  predict();
}

void FeatureRates::predict() {
  for (std::size_t d = 0; d < values_.size(); ++d) values_[d] = logistic_rate(features_.row(d), weights_);
}

std::vector<std::string> FeatureRates::weight_names() const {
  std::vector<std::string> names{"intercept"};
  for (const FeatureScale& feature : features_.features) names.push_back(feature.name);
  return names;
}

double FeatureRates::log_prior() const {
  double sum = 0;
  for (std::size_t f = 1; f < weights_.size(); ++f) sum += weights_[f] * weights_[f];
  return -0.5 * ridge_ * sum;
}

}  // namespace pagewright
