#pragma once
// Probabilities that a click model estimates from expected counts.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rewards/clicks/click_sessions.hpp"

namespace pagewright {

/// Counts added to what is observed: a rate is (successes + observed) / (trials + observed trials), the
/// maximum of the likelihood times rate^successes (1 - rate)^(trials - successes). The default is the prior
/// of most click model code; zeros give plain maximum likelihood.
struct Smoothing {
  double successes = 1;
  double trials = 2;
};

/// Successes among trials, by index; both may be expectations.
struct RateCounts {
  explicit RateCounts(std::size_t size) : successes(size), trials(size) {}
  void add(int index, double success, double trial = 1) {
    successes[static_cast<std::size_t>(index)] += success;
    trials[static_cast<std::size_t>(index)] += trial;
  }
  std::vector<double> successes, trials;
};

/// One probability for each index.
class RateTable {
 public:
  RateTable(std::size_t size, Smoothing smoothing, double start = 0.5);
  virtual ~RateTable() = default;

  double at(int index) const { return values_[static_cast<std::size_t>(index)]; }
  std::size_t size() const { return values_.size(); }
  const std::vector<double>& values() const { return values_; }
  /// Takes probabilities as given. Throws Error if there are more or fewer, or one is outside [0, 1].
  void set(std::span<const double> values);

  /// The rates that maximise the expected likelihood of the counts. What has neither counts nor smoothing
  /// stays.
  virtual void update(const RateCounts& counts);
  /// What smoothing adds to the log-likelihood that update() raises; without its constant.
  virtual double log_prior() const;
  /// The rate of what was never tried; nothing without smoothing.
  std::optional<double> prior_mean() const;

 protected:
  std::vector<double> values_;

 private:
  Smoothing smoothing_;
};

/// Rates of documents predicted from their features by a logistic regression with an intercept: the M step
/// of regression-EM (Wang, Golbandi, Bendersky, Metzler, Najork: "Position bias estimation for unbiased
/// learning to rank in personal search", 2018), with expected counts where the paper samples labels.
class FeatureRates : public RateTable {
 public:
  /// `ridge` times half the squared weights (not the intercept) is taken off the log-likelihood. The table
  /// must outlive the rates.
  FeatureRates(const FeatureTable& features, double ridge);

  void update(const RateCounts& counts) override;
  double log_prior() const override;
  std::vector<std::string> weight_names() const;
  /// Intercept, then a weight for each feature.
  const std::vector<double>& weights() const { return weights_; }
  /// Takes weights as given, and the rates that follow. Throws Error if there are more or fewer, or one is
  /// not finite.
  void set_weights(std::span<const double> weights);

 private:
  void predict();

  const FeatureTable& features_;
  double ridge_;
  std::vector<double> weights_;
};

}  // namespace pagewright
