#pragma once
// What one should know of reward models before one lets a policy learn from them.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "rewards/feedback/pairs.hpp"
#include "rewards/models/feedback_pages.hpp"

namespace pagewright {

/// Feedback of a split.
struct SplitFeedback {
  std::int64_t pages = 0, users = 0, slots = 0;
  std::int64_t clicked = 0, purchased = 0;  ///< slots
};
SplitFeedback count_feedback(const FeedbackLog& log, std::span<const FeedbackPage> pages);

/// What the models were fitted to.
struct RewardCardData {
  std::string log;  ///< folder
  SplitFeedback train, held_out;
  GainConfig gains;
  GainWeights weights;
  std::vector<double> propensities;         ///< by page-order slot
  PairSet held_out_pairs;                   ///< counts and reasons; the pairs themselves are not looked at
  std::optional<PairSet> train_pairs = {};  ///< the same, where the page model learns from pairs
};

/// The card: {"format", "version", "data", "models", "weaknesses"}. `models` is rewards/report.json: by model
/// the accuracy by pair family or of swaps, AUC, calibration and reliability of clicks, purchases and carts,
/// before and after calibration, and in a simulated shop what the truth says. Weaknesses are
/// sentences: families that are ordered no better than chance (95 % Wilson interval), figures of few pairs
/// or events, calibration, propensities that are assumed, purchases that are missing.
nlohmann::json reward_card(const RewardCardData& data, const nlohmann::json& models);

/// The card for people.
std::string reward_card_markdown(const nlohmann::json& card);

/// 95 % interval of a share that was seen in `count` cases (Wilson 1927).
struct ShareInterval {
  double low = 0, high = 1;
};
ShareInterval wilson_interval(double share, std::int64_t count);

}  // namespace pagewright
