#pragma once
// Fitting click models to one log and choosing among them.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rewards/clicks/click_log.hpp"
#include "rewards/clicks/click_model.hpp"
#include "rewards/clicks/click_quality.hpp"
#include "rewards/clicks/clicks_config.hpp"

namespace pagewright {

/// A fitted click model with what is worth keeping of it.
struct FittedClicks {
  std::string model;
  int iterations = 0;  ///< of EM; 0 for a closed form
  std::optional<double>
      train_log_likelihood;              ///< mean over training pages; nothing if it was not fitted here
  std::optional<ClickQuality> held_out;  ///< nothing without validation pages
  std::vector<ClickParameters> parameters;
  /// [longest page] mean probability of looking at a page-order slot over the training pages that have it,
  /// relative to the first slot; empty for models without one.
  std::vector<double> examination_by_slot;
};

/// A model with how its objective rose.
struct ClickFitting {
  std::unique_ptr<ClickModel> model;
  FitTrace trace;
};

/// Fits the model in two steps: with one attractiveness for all documents, which gives the mean to which
/// documents are then drawn as by `prior_strength` impressions, and where the rest of the model starts. A
/// document without training pages keeps the mean. With features there is one step.
/// The space of `log` must outlive the model.
ClickFitting fit_click_log(const std::string& model, const ClickLog& log, const ClicksConfig& config);

/// fit_click_log(), and what is worth keeping.
FittedClicks fit_clicks(const std::string& model, const ClickLog& log, const ClicksConfig& config);

/// Index of the model with the lowest held-out perplexity, and without held-out pages of the highest training
/// log-likelihood; models that are not compared by one measure make an Error.
std::size_t best_click_model(const std::vector<FittedClicks>& fitted);

/// An aligned table: log-likelihood a page, perplexity, perplexity by rank; the chosen one marked.
std::string comparison_text(const std::vector<FittedClicks>& fitted, std::size_t chosen);

}  // namespace pagewright
