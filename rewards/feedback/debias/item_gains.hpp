#pragma once
// Gains of items: what their slots got, freed of where they stood.

#include <cstdint>
#include <memory>
#include <vector>

#include "rewards/feedback/debias/gain_sources.hpp"
#include "rewards/feedback/debias/purchase_delays.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

class GainCorrection;
struct CorrectionInputs;

/// Turns logged pages into gains, as the configuration says; everything that is estimated is estimated once,
/// from the training pages that it learns from. A pure function of its arguments: nothing is drawn.
class ItemGains {
 public:
  /// `log` must outlive it. Throws Error if the log or the sources lack what the estimator needs.
  ItemGains(const GainConfig& config, const FeedbackLog& log, const GainSources& sources = {});
  ItemGains(ItemGains&&) noexcept;
  ~ItemGains();

  const GainConfig& config() const { return config_; }
  const GainWeights& weights() const { return weights_; }

  /// Observed gains of a page of the log, [K]: what page utility is the sum of.
  std::vector<double> observed(std::int64_t page) const;
  /// Debiased gains of a page of the log, [K]; of training and validation pages only.
  std::vector<double> of(std::int64_t page) const;
  /// Factor on the weight of a pair of slots of which `better` has the higher gain; 1 but for pairwise.
  double pair_weight(int better, int worse) const;
  /// Probability of being looked at by slot relative to the first; empty where the estimator has none.
  std::vector<double> propensity_by_slot() const;

 private:
  CorrectionInputs inputs(const GainSources& sources) const;

  GainConfig config_;
  GainWeights weights_;
  const FeedbackLog& log_;
  PurchaseDelays delays_;
  std::unique_ptr<GainCorrection> correction_;
};

}  // namespace pagewright
