// Inverse propensity weights: naive, ipw, self_normalised.
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/base/error.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"
#include "rewards/feedback/debias/logged_propensities.hpp"

namespace pagewright {
namespace {

/// Weights of slots: by position, or of each page where placement was logged.
class InversePropensities {
 public:
  explicit InversePropensities(const CorrectionInputs& inputs) {
    if (inputs.config.estimator == GainEstimator::naive) return;
    if (inputs.config.propensities == PropensitySource::logged)
      of_pages_ = inverse_placement(inputs.config, inputs.log);
    else
      of_slots_ = position_propensities(inputs.config, inputs.log, inputs.sources.click_folder);
  }

  double weight(std::int64_t page, std::size_t slot) const {
    if (of_pages_) return of_pages_->of(page)[slot];
    return of_slots_ ? of_slots_->inverse(static_cast<int>(slot)) : 1;
  }
  /// Expected weight of a slot that is looked at as its propensity says: 1 where nothing is clipped. Of
  /// placement, whose propensity is in how often an item stands there, the weight itself.
  double expected(std::int64_t page, std::size_t slot) const {
    return weight(page, slot) * (of_slots_ ? of_slots_->at(static_cast<int>(slot)) : 1);
  }
  std::vector<double> by_slot() const { return of_slots_ ? of_slots_->by_slot() : std::vector<double>{}; }

 private:
  std::optional<PositionPropensities> of_slots_;
  std::optional<SlotTable> of_pages_;
};

class PropensityCorrection : public GainCorrection {
 public:
  explicit PropensityCorrection(InversePropensities weights) : weights_(std::move(weights)) {}

  std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const override {
    std::vector<double> gains(observed.size());
    for (std::size_t k = 0; k < observed.size(); ++k)
      gains[k] = weights_.weight(page, k) * observed[k].total();
    return gains;
  }
  std::vector<double> propensity_by_slot() const override { return weights_.by_slot(); }

 protected:
  InversePropensities weights_;
};

/// Divides each weight by the mean expected weight over the training impressions of its item, so that the
/// mean gain of an item is sum w g / sum w p: a ratio that is consistent whatever was clipped, where sum w g
/// / n is short of what clipping took (self-normalised inverse propensity, Swaminathan and Joachims 2015,
/// with the propensities in the place of who looked, which is not known).
class SelfNormalisedCorrection : public PropensityCorrection {
 public:
  SelfNormalisedCorrection(InversePropensities weights, const CorrectionInputs& inputs)
      : PropensityCorrection(std::move(weights)), log_(inputs.log) {
    for (std::size_t i = 0; i < log_.pages.size(); ++i) {
      const LoggedPage& page = log_.pages[i];
      if (!inputs.config.learns_from(log_, page, Split::train)) continue;
      const std::vector<std::int32_t> items = page.page.items();
      for (std::size_t k = 0; k < items.size(); ++k) {
        const double expected = weights_.expected(static_cast<std::int64_t>(i), k);
        items_[id(page, items[k])].add(expected);
        all_.add(expected);
      }
    }
    require(all_.count > 0, "gains: self_normalised: the log has no training page with a slot");
  }

  std::vector<double> debiased(std::int64_t page, std::span<const SlotGain> observed) const override {
    const LoggedPage& logged = log_.pages[static_cast<std::size_t>(page)];
    const std::vector<std::int32_t> items = logged.page.items();
    std::vector<double> gains = PropensityCorrection::debiased(page, observed);
    for (std::size_t k = 0; k < gains.size(); ++k) {
      const auto known = items_.find(id(logged, items[k]));
      gains[k] /= known == items_.end() ? all_.mean() : known->second.mean();
    }
    return gains;
  }

 private:
  struct Mean {
    double sum = 0, count = 0;
    void add(double value) {
      sum += value;
      count += 1;
    }
    double mean() const { return sum / count; }
  };
  const std::string& id(const LoggedPage& page, std::int32_t candidate) const {
    return log_.requests[static_cast<std::size_t>(page.request)]
        .request.candidates[static_cast<std::size_t>(candidate)]
        .id;
  }

  const FeedbackLog& log_;
  std::unordered_map<std::string, Mean> items_;
  Mean all_;
};

}  // namespace

std::unique_ptr<GainCorrection> make_propensity_correction(const CorrectionInputs& inputs) {
  InversePropensities weights(inputs);
  if (inputs.config.estimator == GainEstimator::self_normalised)
    return std::make_unique<SelfNormalisedCorrection>(std::move(weights), inputs);
  return std::make_unique<PropensityCorrection>(std::move(weights));
}

}  // namespace pagewright
