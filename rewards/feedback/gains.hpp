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
/// uniformly random pages of the log, or a click model that `fit-clicks` fitted. `logged` means the slot
/// propensities of the pages, which are of placing an item and not of looking at it.
enum class PropensitySource { none, power, given, uniform_pages, click_model, logged };

/// How item gains are freed of position (docs/rewards.md, Debiasing): not at all; clipped inverse propensity;
/// the same divided by what clipping left of it; the posterior of a position-based model; inverse propensity
/// with propensities of dual learning; the affine correction of trust bias; or observed gains whose swaps and
/// ranking pairs are weighted by pairwise debiasing.
enum class GainEstimator { naive, ipw, self_normalised, regression_em, dla, trust, pairwise };

/// Whether an estimator fits something to the clicks of the log, as `rewards.clicks` says.
bool fits_clicks(GainEstimator estimator);

/// What is done about purchases that were not yet made when the log ended: nothing; purchases are weighted by
/// 1 / P(delay < age of the page); or clicks without a purchase get the one that is still to be expected.
enum class DelayedPurchases { none, weight, expected };

/// Distribution of the time from page to purchase.
enum class DelayForm { exponential, product_limit };

struct GainConfig {
  double click = 1;
  double purchase = 5;
  double cart = 0;
  double price_power = 1;
  std::optional<double> price_ref;  ///< absent: mean purchased price of the training pages
  double dismissal = 0;             ///< taken off where the user dismissed the item
  GainEstimator estimator = GainEstimator::ipw;
  PropensitySource propensities = PropensitySource::uniform_pages;
  double eta = 0.5;
  std::vector<double> given_propensities;  ///< [slots]
  std::string uniform_policy = "uniform";
  std::optional<std::string> click_model;  ///< absent: the one that `fit-clicks` chose
  double max_weight = 10;                  ///< bound of the inverse propensity
  int full_confidence = 3;                 ///< engagements from which a pair has full weight
  double label_smoothing = 0.05;
  DelayedPurchases delayed_purchases = DelayedPurchases::none;
  DelayForm delays = DelayForm::exponential;
  std::optional<std::int64_t> log_end;  ///< seconds since the epoch; absent: the last time in the log
  /// Whether reward models and pairs learn from revisits too: the same list shown again, whose history holds
  /// feedback on that very list. What happened then is in the first view's feedback as well, so it counts
  /// twice; but a policy that composes pages for such requests needs rewards that know such histories.
  bool revisits = false;

  /// Whether the reward models and pairs of a split learn from this page.
  bool learns_from(const FeedbackLog& log, const LoggedPage& page, Split split) const;
  /// Reads and documents every key; problems are collected in the section's errors.
  static GainConfig from(Section section);
};

/// Mean price paid per piece over the purchases of training pages.
class PurchasedPrices {
 public:
  void add(Split split, const LoggedPage& page);
  /// Minor units; nothing without priced purchases.
  std::optional<double> mean() const;

 private:
  double sum_ = 0;
  std::int64_t pieces_ = 0;
};

/// The same of a log.
std::optional<double> mean_purchased_price(const FeedbackLog& log);

/// The weights that a configuration means on a log. Throws Error if prices are to count, no price_ref is
/// given and the training pages have no purchase with a price.
GainWeights gain_weights(const GainConfig& config, const FeedbackLog& log);
/// The same where the mean purchased price is known; it is not looked at if price_ref is given.
GainWeights gain_weights(const GainConfig& config, std::optional<double> mean_price);

/// Observed gain of a slot, by what it is for.
struct SlotGain {
  double click = 0;
  double cart = 0;
  double purchase = 0;
  double dismissal = 0;  ///< at most 0
  /// Of what the user did with a liking.
  double engagement() const { return click + cart + purchase; }
  double total() const { return engagement() + dismissal; }
};

/// Observed gain of each slot, [K] in page order. A purchase counts once, at what was paid in all for pieces
/// that were not sent back, and implies its click, as a cart does. A purchase without a price of its own
/// counts at the candidate's price; with neither at price_ref.
std::vector<SlotGain> slot_gain_parts(const GainWeights& weights, const Request& request,
                                      const LoggedPage& page);
/// Their totals, [K].
std::vector<double> slot_gains(const GainWeights& weights, const Request& request, const LoggedPage& page);

/// Sum of the observed gains: examination is part of what a page does, so nothing is debiased here.
double page_utility(const GainWeights& weights, const Request& request, const LoggedPage& page);

/// Clicks and purchases on a page, a slot counted once for each kind; carts and dismissals too where they
/// have a gain.
int engagements(const GainWeights& weights, const LoggedPage& page);

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
std::vector<double> estimate_propensities(const FeedbackLog& log, const std::string& policy,
                                          bool revisits = false);

/// The position propensities that a configuration means on a log; `logged` has none, which is an Error.
/// `clicks` is the folder that `fit-clicks` writes, for propensities: click_model.
PositionPropensities position_propensities(const GainConfig& config, const FeedbackLog& log,
                                           const std::filesystem::path& clicks = {});

/// Confidence of a comparison that rests on so many engagements: min(1, evidence / full_confidence).
double confidence(int evidence, int full_confidence);

}  // namespace pagewright
