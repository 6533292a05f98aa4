#pragma once
// What estimators of item gains have in common.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rewards/feedback/debias/gain_sources.hpp"
#include "rewards/feedback/debias/purchase_delays.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// From the observed gains of a page to gains of its items.
class GainCorrection {
 public:
  virtual ~GainCorrection() = default;

  /// Debiased gains [K] of page `page` of the log from its observed gains [K]. Throws Error for a page that
  /// the configuration does not learn from, where the correction is of pages.
  virtual std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const = 0;
  /// Probability of being looked at by page-order slot, relative to the first, as the correction takes or
  /// finds it; empty if it has none.
  virtual std::vector<double> propensity_by_slot() const { return {}; }
  /// Factor on the weight of a pair of slots of which `better` has the higher gain.
  virtual double pair_weight(int /*better*/, int /*worse*/) const { return 1; }
};

/// What a correction is made from. `log` must outlive it.
struct CorrectionInputs {
  const GainConfig& config;
  const GainWeights& weights;
  const FeedbackLog& log;
  const GainSources& sources;
  const PurchaseDelays& delays;

  /// Observed gains of a page with the purchases that were still to come, [K].
  std::vector<SlotGain> observed(const LoggedPage& page) const;
};

std::unique_ptr<GainCorrection> make_propensity_correction(const CorrectionInputs& inputs);
std::unique_ptr<GainCorrection> make_posterior_correction(const CorrectionInputs& inputs);
std::unique_ptr<GainCorrection> make_dual_correction(const CorrectionInputs& inputs);
std::unique_ptr<GainCorrection> make_trust_correction(const CorrectionInputs& inputs);
std::unique_ptr<GainCorrection> make_pairwise_correction(const CorrectionInputs& inputs);

}  // namespace pagewright
