// DLA: inverse propensity with the propensities that dual learning finds.
#include <algorithm>

#include "rewards/feedback/debias/dual_learning.hpp"
#include "rewards/feedback/debias/estimator_clicks.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"
#include "rewards/feedback/debias/slot_table.hpp"

namespace pagewright {
namespace {

class DualCorrection : public GainCorrection {
 public:
  explicit DualCorrection(const CorrectionInputs& inputs) : weights_(inputs.log) {
    const ClickLog clicks = estimator_clicks(inputs, "dla");
    DualLearning learning;
    learning.ridge = inputs.sources.clicks.ridge;
    const DualFit fit = fit_dual_learning(clicks.space, clicks.train, learning);
    SlotMeans looked;
    const auto look = [&](const ClickSession& session, std::size_t k) {
      return fit.examination[static_cast<std::size_t>(session.positions[k])];
    };
    for_each_session(clicks, [&](std::int64_t page, const ClickSession& session, bool train) {
      const std::span<double> weights = weights_.slots(page);
      for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = look(session, k);
      if (train) looked.add(weights);
    });
    by_slot_ = looked.relative_to_first("dla");
    for_each_session(clicks, [&](std::int64_t page, const ClickSession&, bool) {
      for (double& weight : weights_.slots(page))
        weight = std::min(looked.first() / std::max(weight, 1e-9), inputs.config.max_weight);
    });
  }

  std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const override {
    const std::span<const double> weights = weights_.of(page);
    std::vector<double> gains(observed.size());
    for (std::size_t k = 0; k < gains.size(); ++k) gains[k] = weights[k] * observed[k].total();
    return gains;
  }
  std::vector<double> propensity_by_slot() const override { return by_slot_; }

 private:
  SlotTable weights_;
  std::vector<double> by_slot_;
};

}  // namespace

std::unique_ptr<GainCorrection> make_dual_correction(const CorrectionInputs& inputs) {
  return std::make_unique<DualCorrection>(inputs);
}

}  // namespace pagewright
