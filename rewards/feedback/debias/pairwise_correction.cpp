// Pairwise debiasing: gains as observed, their pairs weighted.
#include <algorithm>

#include "rewards/feedback/debias/estimator_clicks.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"
#include "rewards/feedback/debias/pair_bias.hpp"

namespace pagewright {
namespace {

class PairwiseCorrection : public GainCorrection {
 public:
  explicit PairwiseCorrection(const CorrectionInputs& inputs) : max_weight_(inputs.config.max_weight) {
    const ClickLog clicks = estimator_clicks(inputs, "pairwise");
    PairBiasLearning learning;
    learning.ridge = inputs.sources.clicks.ridge;
    bias_ = fit_pair_bias(clicks.space, clicks.train, learning);
  }

  std::vector<double> debiased(std::int64_t, std::span<const SlotGain> observed) const override {
    std::vector<double> gains;
    for (const SlotGain& gain : observed) gains.push_back(gain.total());
    return gains;
  }
  std::vector<double> propensity_by_slot() const override { return bias_.clicked; }
  double pair_weight(int better, int worse) const override {
    return std::min(1 / (at(bias_.clicked, better) * at(bias_.unclicked, worse)), max_weight_);
  }

 private:
  static double at(const std::vector<double>& bias, int slot) {
    return bias[std::min(static_cast<std::size_t>(slot), bias.size() - 1)];
  }

  double max_weight_;
  PairBias bias_;
};

}  // namespace

std::unique_ptr<GainCorrection> make_pairwise_correction(const CorrectionInputs& inputs) {
  return std::make_unique<PairwiseCorrection>(inputs);
}

}  // namespace pagewright
