#pragma once
// What reward models say of uniformly random pages beside the simulator's truth: measured, never trained on.

#include <memory>
#include <span>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "launch/workbench.hpp"
#include "rewards/models/reward_model.hpp"
#include "rewards/simulator/world.hpp"
#include "rewards/terms/request_pages.hpp"

namespace pagewright {

class RewardTruth {
 public:
  /// Four pages of the uniformly random policy for each of up to 1,000 requests of test users (of validation
  /// users if there are none), with their truth. Of a log that is not simulated there are none. `bench` must
  /// outlive it.
  RewardTruth(Workbench& bench, const GainWeights& gains);

  bool known() const { return !pages_.groups.empty(); }
  std::span<const RequestPages> pages() const { return pages_.groups; }
  /// Scores of all pages, which count as mean - pessimism x deviation, against true utility: `pearson` and
  /// `spearman` over all of them, `same_request` the share of pairs of pages of one request that are in the
  /// right order. Of an ensemble also `spread`, the mean deviation, and `spread_and_error`, the Spearman
  /// correlation of deviation and |mean - utility|, which says something for scores in units of gain alone.
  nlohmann::json of_page_scores(std::span<const PageScores> scores, double pessimism) const;
  /// Item scores of all slots against true attractiveness; of an ensemble also `spread`.
  nlohmann::json of_item_scores(std::span<const PageScores> scores) const;

 private:
  GroupedPages pages_;
  std::vector<double> utility_;                      ///< [pages]
  std::vector<std::vector<double>> attractiveness_;  ///< [pages][K]
};

}  // namespace pagewright
