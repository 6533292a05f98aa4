#pragma once
// What all click models have in common.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rewards/clicks/click_sessions.hpp"
#include "rewards/clicks/rate_table.hpp"

namespace pagewright {

/// How a click model is fitted.
struct ClickFit {
  int iterations = 100;     ///< of EM, at most
  double tolerance = 1e-6;  ///< EM stops when an iteration raises the log-likelihood by less than this a list
  Smoothing attractiveness, satisfaction;  ///< of documents, without features
  Smoothing structure;                     ///< of everything else: examination, continuation, trust
  double ridge = 1;                        ///< of the regression on features
};

/// Probabilities of one kind with what each belongs to.
struct ClickParameters {
  std::string name;               ///< "attractiveness", "examination", ...
  std::vector<std::string> keys;  ///< as many as values
  std::vector<double> values;
  std::optional<double> otherwise;  ///< of documents: the rate of one that training never showed
};

/// Whether parameters of this name belong to documents: "attractiveness" and "satisfaction".
bool of_click_documents(const std::string& kind);

/// Log-likelihood plus log_prior() before the first step and after each.
using FitTrace = std::vector<double>;

/// A model of P(clicks | list). Documents and positions are those of the space that it was started with,
/// which must outlive it.
class ClickModel {
 public:
  virtual ~ClickModel() = default;
  virtual std::string name() const = 0;

  /// Makes all parameters, at the values from which a fit starts.
  virtual void start(const ClickSpace& space, const ClickFit& fit) = 0;
  /// One EM iteration, or the whole fit of a model in closed form.
  virtual void step(const ClickSessions& train) = 0;
  virtual bool closed_form() const = 0;

  /// P(C_k = 1) before anything is known of the clicks; writes [K].
  virtual void click_probabilities(const ClickSession& session, std::span<double> result) const = 0;
  /// P(C_k = 1 | C_1 ... C_(k-1)) with the session's clicks; writes [K].
  virtual void given_earlier_clicks(const ClickSession& session, std::span<double> result) const = 0;
  /// Probability that slot k is looked at, whatever is clicked; writes [K]. False for models in which it
  /// depends on what is shown or clicked, so that a position has no propensity of its own.
  virtual bool examination(const ClickSession&, std::span<double>) const { return false; }

  /// All probabilities; of a regression on features its intercept and weights, called "... weights".
  std::vector<ClickParameters> parameters() const;
  /// Takes the probabilities of one kind as given, in the order of parameters(). Throws Error for a name
  /// that the model lacks.
  void set(const std::string& name, std::span<const double> values);
  /// Takes parameters that were found in another space, by key; what its space does not name is left out.
  /// Throws Error if a kind or a key is missing, a document excepted, which gets `otherwise`.
  void take(const std::vector<ClickParameters>& found);
  /// What the smoothing of all parameters adds to the log-likelihood.
  double log_prior() const;

 protected:
  struct NamedRates {
    std::string name;
    RateTable* rates;
    std::span<const std::string> keys;
  };
  virtual std::vector<NamedRates> rates() const = 0;

  /// A table for documents: of its own numbers, or of a regression where the space has features.
  static std::unique_ptr<RateTable> document_rates(const ClickSpace& space, Smoothing smoothing,
                                                   double ridge);
};

/// EM iterations, or the one step of a closed form, from the parameters that the model has.
FitTrace improve_click_model(ClickModel& model, const ClickSessions& train, const ClickFit& fit);
/// Starts and fits.
FitTrace fit_click_model(ClickModel& model, const ClickSpace& space, const ClickSessions& train,
                         const ClickFit& fit);

/// No probability of what happened counts as less than this: models that exclude it (two clicks under the
/// cascade model) would have a log-likelihood of minus infinity.
inline constexpr double kLowestClickProbability = 1e-6;

/// Sum over sessions of log P(clicks), natural logarithm.
double log_likelihood(const ClickModel& model, const ClickSessions& sessions);

}  // namespace pagewright
