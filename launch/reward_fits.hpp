#pragma once
// The fits of `fit-reward`, one after the other, and what they share.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/base/table.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "launch/reward_truth.hpp"
#include "launch/workbench.hpp"
#include "rewards/feedback/debias/item_gains.hpp"
#include "rewards/feedback/pairs.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "rewards/models/reward_scale.hpp"

namespace pagewright {

/// Everything that the fits share.
struct RewardFit {
  explicit RewardFit(Workbench& workbench);

  std::vector<FeedbackPage> pages(Split split) const;
  /// Made from the log, or read from `rewards.pairs.file`.
  std::map<Split, PairSet> pairs(const std::vector<Split>& splits) const;
  std::vector<SwapPair> swaps(Split split) const;
  /// Made when it is first asked for.
  const RewardTruth& truth();

  Workbench& bench;
  const RewardsConfig& config;
  ItemGains item_gains;
  GainWeights gains;
  /// Of the validation users, and where a page model learns from pairs of the training users.
  std::map<Split, PairSet> page_pairs;
  /// How scores of the page models are read, by name; on the first rank, as the models are fitted.
  std::map<std::string, RewardScale> readings;

 private:
  std::optional<RewardTruth> truth_;
};

/// What the configuration says of how scores are read.
RewardScale reading_of(const RewardsConfig& config);

ModelConfig item_model_shape(const Experiment& experiment);

/// Fits the page model of a form to the training users, and writes model and curve; what the held-out users
/// and the truth say of it goes into `table` and `reports`. All learners call it together.
void fit_page_model(RewardFit& fit, PageModelForm form, Table& table, nlohmann::json& reports);
/// The same of the item model, which learns from these swaps; the page model of the default form must have
/// been fitted if it starts there.
void fit_item_model(RewardFit& fit, const std::vector<SwapPair>& swaps, Table& table,
                    nlohmann::json& reports);
/// The judge: the utility form on the validation users' pages, stopped early on training pages. A log without
/// validation users has none, with a warning.
void fit_judge(RewardFit& fit);

}  // namespace pagewright
