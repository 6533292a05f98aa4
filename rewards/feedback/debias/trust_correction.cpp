#include "rewards/feedback/debias/trust_correction.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "core/base/error.hpp"
#include "rewards/clicks/click_files.hpp"
#include "rewards/feedback/debias/estimator_clicks.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"
#include "rewards/feedback/debias/slot_table.hpp"

namespace pagewright {
namespace {

/// Parameters of trust_pbm for the positions of a log.
std::vector<SlotTrust> read_trust(const std::filesystem::path& folder, const ClickSpace& space) {
  require(!folder.empty(), "gains: estimator: trust needs the run in which `fit-clicks` fitted trust_pbm");
  const bool uniform = read_click_model(folder, "trust_pbm").view.pages == ClickPages::uniform;
  const auto look = read_click_parameters(folder, "trust_pbm", "examination");
  const auto trust = read_click_parameters(folder, "trust_pbm", "trust");
  std::vector<SlotTrust> positions;
  for (const std::string& position : space.positions) {
    require(
        look.contains(position) && trust.contains(position),
        "gains: estimator: trust: {} does not know the position '{}'; run `pagewright fit-clicks` again{}",
        (folder / "trust_pbm.json").string(), position,
        uniform ? ", with rewards.clicks.pages: all, for no random page has it" : "");
    positions.push_back({look.at(position), trust.at(position)});
  }
  return positions;
}

class TrustCorrection : public GainCorrection {
 public:
  explicit TrustCorrection(const CorrectionInputs& inputs)
      : click_gain_(inputs.weights.click),
        max_weight_(inputs.config.max_weight),
        look_(inputs.log),
        trust_(inputs.log) {
    const ClickLog clicks = estimator_clicks(inputs, "trust");
    const std::vector<SlotTrust> positions = read_trust(inputs.sources.click_folder, clicks.space);
    SlotMeans slopes;
    for_each_session(clicks, [&](std::int64_t page, const ClickSession& session, bool train) {
      const std::span<double> look = look_.slots(page), trust = trust_.slots(page);
      std::vector<double> slope;
      for (std::size_t k = 0; k < look.size(); ++k) {
        const SlotTrust& slot = positions[static_cast<std::size_t>(session.positions[k])];
        look[k] = slot.look;
        trust[k] = slot.trust;
        slope.push_back(slot.look * (1 - slot.trust));
      }
      if (train) slopes.add(slope);
    });
    by_slot_ = slopes.relative_to_first("trust");
    scale_ = slopes.first();
  }

  std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const override {
    const std::span<const double> look = look_.of(page), trust = trust_.of(page);
    std::vector<double> gains(observed.size());
    for (std::size_t k = 0; k < gains.size(); ++k)
      gains[k] = trust_corrected_gain(observed[k], {look[k], trust[k]}, click_gain_, scale_, max_weight_);
    return gains;
  }
  std::vector<double> propensity_by_slot() const override { return by_slot_; }

 private:
  double click_gain_, max_weight_, scale_ = 1;
  SlotTable look_, trust_;
  std::vector<double> by_slot_;
};

}  // namespace

double trust_corrected_gain(const SlotGain& observed, const SlotTrust& slot, double click_gain, double scale,
                            double max_weight) {
  constexpr double kTiny = 1e-9;
  const double slope = std::max(slot.look * (1 - slot.trust), kTiny);
  const double by_click = std::min(scale / slope, max_weight),
               by_look = std::min(scale / std::max(slot.look, kTiny), max_weight);
  const double by_trust = click_gain * slot.look * slot.trust;
  return (observed.click - by_trust) * by_click +
         (observed.cart + observed.purchase + observed.dismissal) * by_look;
}

std::unique_ptr<GainCorrection> make_trust_correction(const CorrectionInputs& inputs) {
  return std::make_unique<TrustCorrection>(inputs);
}

}  // namespace pagewright
