#pragma once
// How good a reward model is on users it has not seen.

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

/// Quality of the utility form's click head on all slots, and of its purchase head on clicked slots.
struct UtilityQuality {
  BinaryQuality click;
  BinaryQuality purchase;
};
UtilityQuality utility_quality(const PageLanguage& language, const FeedbackLog& log,
                               std::span<const FeedbackPage> pages, const WeightsView& weights,
                               PageModelForm form, LanePool& pool);

}  // namespace pagewright
