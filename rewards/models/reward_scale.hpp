#pragma once
// From what reward models say to rewards: calibration, pessimism, and their scale under the reference policy,
// so that alpha weighs like against like.

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "rewards/models/calibration.hpp"
#include "rewards/models/reward_model.hpp"

namespace pagewright {

/// R~ = clip((R - mean) / sd, -clip, clip) for page scores and, with one mean and one sd over all slots (a
/// mean for each slot would undo the swap ordering), for item scores. The position-weighted sum of normalised
/// item scores is divided by its own standard deviation: with K independent slots it would be far below 1.
/// The first members say how raw scores are read, and the scale is that of scores that are read so; by
/// default as they are.
struct RewardScale {
  PageCalibration calibration;             ///< of the page model's probabilities
  double page_pessimism = 0;               ///< kappa: a score is its mean - kappa * deviation over members
  double item_pessimism = 0;               ///< the same of each slot's item score
  std::optional<double> item_uncertainty;  ///< e: a slot's item reward weighs 1 / (u / item_sd + e)

  double page_mean = 0;
  double page_sd = 1;
  std::vector<double>
      slot_gain_mean;  ///< [K] mean expected gain of each slot; empty where the model has no score by slot
  double item_mean = 0;
  double item_sd = 1;
  double item_sum_sd = 1;  ///< sd of sum_k w_k s~_k
  double clip = 5;

  double page(double raw) const;
  /// w_k s~_k / item_sum_sd of all slots, ready to be added, [K]. `spread` [K] is their deviation over
  /// members, needed with item_uncertainty.
  std::vector<float> items(std::span<const float> raw, std::span<const float> spread = {}) const;
  /// Shares of the normalised page score by slot: (gain_k - mean_k) / page_sd, [K].
  std::vector<float> slot_gains(std::span<const float> gains) const;
  /// What a page of so many slots lacks beside the longest reference page: -(sum of the mean_k of the slots
  /// that it does not have) / page_sd. Without it a page would gain by ending before its weaker slots.
  float missing_slots(std::size_t slots) const;

  void save(const std::filesystem::path& file) const;
  static RewardScale load(const std::filesystem::path& file);
};

/// Fits both scales to the scores of pages of the reference policy. `page` and `item` have one entry a page;
/// either may be empty if that model is not used. `reading` says how they were read.
RewardScale fit_reward_scale(std::span<const PageScores> page, std::span<const PageScores> item, double clip,
                             RewardScale reading = {});

}  // namespace pagewright
