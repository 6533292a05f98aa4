#pragma once
// How good a reward model is on users it has not seen.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rewards/feedback/pairs.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "rewards/terms/learned_terms.hpp"

namespace pagewright {

/// Share of pairs whose better page scores higher; an exact tie counts one half.
struct PairAccuracy {
  std::string family;
  std::int64_t pairs = 0;
  double accuracy = 0;
};
/// By family, in the order of PairFamily; families without pairs are left out. `score` gives the scores of
/// groups of pages.
using PageScoreFunction = std::function<std::vector<PageScores>(std::span<const RequestPages>)>;
std::vector<PairAccuracy> pair_accuracy(const PageLanguage& language, const FeedbackLog& log,
                                        std::span<const PagePair> pairs, const PageScoreFunction& score);

/// Of a probability that is predicted for binary events.
struct BinaryQuality {
  std::int64_t events = 0;
  double rate = 0;  ///< observed
  double mean_prediction = 0;
  double auc = 0.5;              ///< area under the ROC curve; ties count one half; 0.5 with one class
  double calibration_error = 0;  ///< expected calibration error over ten bins of equal size
};
BinaryQuality binary_quality(std::span<const float> predictions, std::span<const float> outcomes);

/// Predictions beside what happened, in bins of equal size from the lowest predictions up (at most as many as
/// there are predictions): what a reliability diagram shows.
struct ReliabilityBin {
  double predicted = 0;  ///< mean
  double seen = 0;       ///< share
  std::int64_t events = 0;
};
inline constexpr std::size_t kReliabilityBins = 10;
std::vector<ReliabilityBin> reliability(std::span<const float> predictions, std::span<const float> outcomes);

/// What a model's heads say of an event, and what happened.
struct EventLogits {
  std::vector<std::vector<float>> members;  ///< [k][events] logits
  std::vector<float> outcomes;              ///< [events] 0 or 1
  /// Mean probabilities over members, [events].
  std::vector<float> predictions(const ProbabilityMap& map = {}) const;
  /// A map fitted to the predictions of all members, pooled.
  ProbabilityMap fit(CalibrationKind kind) const;
};
/// Of the click heads on all slots of `pages`, and of purchase and cart heads on clicked slots; empty for a
/// head that the model lacks.
struct PageEventLogits {
  EventLogits click, purchase, cart;
};
PageEventLogits page_event_logits(const PageLanguage& language, const FeedbackLog& log,
                                  std::span<const FeedbackPage> pages, const WeightsView& weights,
                                  PageModelForm form, LanePool& pool);

}  // namespace pagewright
