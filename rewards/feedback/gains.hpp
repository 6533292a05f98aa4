#pragma once
// From feedback to graded gains, and what position has to do with them.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "rewards/feedback/gain_weights.hpp"

namespace pagewright {

class Section;

/// Where position propensities come from: none (all 1), a power law (k + 1)^-eta, a given list, the
/// uniformly random pages of the log, or a click model that `fit-clicks` fitted.
enum class PropensitySource { none, power, given, uniform_pages, click_model };

struct GainConfig {
  double click = 1;
  double purchase = 5;
  double cart = 0;
  double price_power = 1;
  std::optional<double> price_ref;  ///< absent: mean purchased price of the training pages
  PropensitySource propensities = PropensitySource::uniform_pages;
  double eta = 0.5;
  std::vector<double> given_propensities;  ///< [slots]
  std::string uniform_policy = "uniform";
  std::optional<std::string> click_model;  ///< absent: the one that `fit-clicks` chose
  double max_weight = 10;                  ///< bound of the inverse propensity
  int full_confidence = 3;                 ///< engagements from which a pair has full weight
  double label_smoothing = 0.05;
  /// Whether reward models and pairs learn from revisits too: the same list shown again, whose history holds
  /// feedback on that very list. What happened then is in the first view's feedback as well, so it counts
  /// twice; but a policy that composes pages for such requests needs rewards that know such histories.
  bool revisits = false;

  /// Whether the reward models and pairs of a split learn from this page.
  bool learns_from(const FeedbackLog& log, const LoggedPage& page, Split split) const;
  /// Reads and documents every key; problems are collected in the section's errors.
  static GainConfig from(Section section);
};

/// Mean price paid per piece over the purchases of the training pages, minor units; nothing without priced
/// purchases.
std::optional<double> mean_purchased_price(const FeedbackLog& log);

/// The weights that a configuration means on a log. Throws Error if prices are to count, no price_ref is
/// given and the training pages have no purchase with a price.
GainWeights gain_weights(const GainConfig& config, const FeedbackLog& log);

/// Observed gain of each slot, [K] in page order. A purchase counts once, at what was paid in all, and
/// implies its click. A purchase without a price of its own counts at the candidate's price; with neither at
/// price_ref.
std::vector<double> slot_gains(const GainWeights& weights, const Request& request, const LoggedPage& page);

/// Sum of the observed gains: examination is part of what a page does, so nothing is debiased here.
double page_utility(const GainWeights& weights, const Request& request, const LoggedPage& page);

/// Clicks and purchases on a page, a slot counted once for each kind.
int engagements(const LoggedPage& page);

/// Probability of being looked at per page-order slot, relative to slot 0.
class PositionPropensities {
 public:
  /// `by_slot` in (0, 1], not empty; slots beyond take the last value. Throws Error otherwise.
  PositionPropensities(std::vector<double> by_slot, double max_weight);

  double at(int slot) const;
  /// min(1 / propensity, max_weight).
  double inverse(int slot) const;
  const std::vector<double>& by_slot() const { return by_slot_; }

 private:
  std::vector<double> by_slot_;
  double max_weight_;
};

/// (k + 1)^-eta for k = 0 ... slots-1.
std::vector<double> power_law_propensities(int slots, double eta);

/// Clicks by slot over the training pages of `policy`, relative to slot 0, made non-increasing by isotonic
/// regression weighted with impressions (pool adjacent violators) and bounded to [0.01, 1]. On uniformly
/// random pages items do not depend on the slot, so the ratio of click rates is that of the examination
/// (randomised position bias estimation, Joachims, Swaminathan and Schnabel 2017). Throws Error if those
/// pages have fewer than 100 clicks.
std::vector<double> estimate_propensities(const FeedbackLog& log, const std::string& policy);

/// The propensities that a configuration means on a log. `clicks` is the folder that `fit-clicks` writes, for
/// propensities: click_model.
PositionPropensities position_propensities(const GainConfig& config, const FeedbackLog& log,
                                           const std::filesystem::path& clicks = {});

/// Item gains: observed gains times the clipped inverse propensity of their slot, [K].
std::vector<double> debiased_gains(const PositionPropensities& propensities,
                                   const std::vector<double>& gains);

/// Confidence of a comparison that rests on so many engagements: min(1, evidence / full_confidence).
double confidence(int evidence, int full_confidence);

}  // namespace pagewright
