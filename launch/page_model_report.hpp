#pragma once
// How good a page model is on held-out users: its part of rewards/report.json.

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/table.hpp"
#include "launch/reward_truth.hpp"
#include "launch/workbench.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/models/reward_scale.hpp"

namespace pagewright {

/// A fitted page model, and the held-out users that it is tried on.
struct PageModelTrial {
  Workbench& bench;
  std::string name;  ///< "page-utility"
  PageModelForm form;
  WeightsView weights;
  const GainWeights& gains;
  RewardScale reading;  ///< pessimism, and the calibration to be found
  std::vector<FeedbackPage> pages;
  const std::vector<PagePair>& pairs;
  const RewardTruth& truth;
};

/// Fits `reading.calibration` to one half of the trial's users (by a hash of the user), tries it on the other
/// half, on which the trial goes on, and says what it changed. Nothing for the pairs form or
/// CalibrationKind::none.
nlohmann::json calibrate(PageModelTrial& trial, CalibrationKind kind);

/// Accuracy by pair family, and by event AUC, calibration error and reliability; against the truth where that
/// is known. Adds rows to `table`.
nlohmann::json page_model_report(const PageModelTrial& trial, Table& table);

}  // namespace pagewright
