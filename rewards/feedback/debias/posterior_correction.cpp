// Regression-EM: what a click that did not come would have been worth.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "rewards/clicks/click_comparison.hpp"
#include "rewards/feedback/debias/estimator_clicks.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"
#include "rewards/feedback/debias/slot_table.hpp"

namespace pagewright {
namespace {

/// Mean observed gain of a clicked slot of an item, drawn to that of all items as by `strength` clicks;
/// clicks of training pages.
class GainPerClick {
 public:
  GainPerClick(const CorrectionInputs& inputs, double strength) : log_(inputs.log), strength_(strength) {
    for (const LoggedPage& page : log_.pages) {
      if (!inputs.config.learns_from(log_, page, Split::train)) continue;
      const Request& request = log_.requests[static_cast<std::size_t>(page.request)].request;
      const std::vector<SlotFeedback> feedback = slot_feedback(page);
      const std::vector<SlotGain> gains = inputs.observed(page);
      const std::vector<std::int32_t> items = page.page.items();
      for (std::size_t k = 0; k < gains.size(); ++k) {
        if (!feedback[k].clicked()) continue;
        items_[request.candidates[static_cast<std::size_t>(items[k])].id].add(gains[k]);
        all_.add(gains[k]);
      }
    }
  }

  double of(const std::string& item) const {
    const double overall = all_.clicks > 0 ? all_.gain / all_.clicks : 0;
    const auto known = items_.find(item);
    if (known == items_.end()) return overall;
    return (known->second.gain + strength_ * overall) / (known->second.clicks + strength_);
  }

 private:
  struct Clicked {
    double gain = 0, clicks = 0;
    void add(const SlotGain& slot) {
      gain += slot.engagement();
      clicks += 1;
    }
  };
  const FeedbackLog& log_;
  double strength_;
  std::unordered_map<std::string, Clicked> items_;
  Clicked all_;
};

/// Of a clicked slot what was observed; of another P(attractive | no click) = (1 - theta) alpha / (1 - theta
/// alpha) times the mean gain per click of its item. A dismissed item was looked at, so that without a click
/// it was not attractive; its dismissal counts by 1 / theta.
class PosteriorCorrection : public GainCorrection {
 public:
  explicit PosteriorCorrection(const CorrectionInputs& inputs)
      : max_weight_(inputs.config.max_weight), hoped_(inputs.log), look_(inputs.log) {
    const ClickLog clicks = estimator_clicks(inputs, "regression_em");
    const ClickFitting fitted = fit_click_log("pbm", clicks, inputs.sources.clicks);
    const GainPerClick per_click(inputs, inputs.sources.clicks.prior_strength);
    SlotMeans looked;
    for_each_session(clicks, [&](std::int64_t page, const ClickSession& session, bool train) {
      const std::span<double> hoped = hoped_.slots(page), look = look_.slots(page);
      fitted.model->examination(session, look);
      fitted.model->click_probabilities(session, hoped);
      const LoggedPage& logged = inputs.log.pages[static_cast<std::size_t>(page)];
      const Request& request = inputs.log.requests[static_cast<std::size_t>(logged.request)].request;
      const std::vector<std::int32_t> items = logged.page.items();
      for (std::size_t k = 0; k < hoped.size(); ++k) {
        const double attractive = look[k] > 0 ? hoped[k] / look[k] : 0, silent = 1 - hoped[k];
        const double posterior = silent > 0 ? (1 - look[k]) * attractive / silent : 0;
        hoped[k] = session.clicks[k]
                       ? 0
                       : posterior * per_click.of(request.candidates[static_cast<std::size_t>(items[k])].id);
      }
      if (train) looked.add(look);
    });
    by_slot_ = looked.relative_to_first("regression_em");
  }

  std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const override {
    const std::span<const double> hoped = hoped_.of(page), look = look_.of(page);
    std::vector<double> gains(observed.size());
    for (std::size_t k = 0; k < gains.size(); ++k) {
      gains[k] = observed[k].engagement();
      if (gains[k] == 0 && observed[k].dismissal == 0) gains[k] = hoped[k];
      gains[k] += observed[k].dismissal * std::min(1 / std::max(look[k], 1e-9), max_weight_);
    }
    return gains;
  }
  std::vector<double> propensity_by_slot() const override { return by_slot_; }

 private:
  double max_weight_;
  SlotTable hoped_;  ///< gain of a slot without a click
  SlotTable look_;   ///< theta
  std::vector<double> by_slot_;
};

}  // namespace

std::unique_ptr<GainCorrection> make_posterior_correction(const CorrectionInputs& inputs) {
  return std::make_unique<PosteriorCorrection>(inputs);
}

}  // namespace pagewright
