#pragma once
#include <string>
#include <vector>

#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// "naive", "ipw", ...
std::string gain_estimator_name(GainEstimator estimator);

/// Where position propensities come from, in words.
std::string propensities_in_words(const GainConfig& gains);

/// What the item gains of a configuration take for granted and the log cannot show, in sentences.
std::vector<std::string> gain_assumptions(const GainConfig& gains);

}  // namespace pagewright
