#include "rewards/feedback/debias/item_gains.hpp"

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"

namespace pagewright {
namespace {

std::unique_ptr<GainCorrection> make_gain_correction(const CorrectionInputs& inputs) {
  switch (inputs.config.estimator) {
    case GainEstimator::naive:
    case GainEstimator::ipw:
    case GainEstimator::self_normalised:
      return make_propensity_correction(inputs);
    case GainEstimator::regression_em:
      return make_posterior_correction(inputs);
    case GainEstimator::dla:
      return make_dual_correction(inputs);
    case GainEstimator::trust:
      return make_trust_correction(inputs);
    case GainEstimator::pairwise:
      return make_pairwise_correction(inputs);
  }
  fail("gains: unknown estimator {}", static_cast<int>(inputs.config.estimator));
}

void warn_of_unpriced_purchases(const GainConfig& config, const FeedbackLog& log) {
  std::int64_t purchases = 0, unpriced = 0;
  for (const LoggedPage& page : log.pages) {
    if (!config.learns_from(log, page, Split::train)) continue;
    for (const Event& event : page.events) {
      if (event.kind != EventKind::purchase) continue;
      ++purchases;
      unpriced += !event.price || *event.price == 0;
    }
  }
  if (unpriced > 0 && config.price_power != 0)
    log_warn(
        "gains: {} of {} purchases have no price; they count at their candidate's, and without one at "
        "price_ref",
        unpriced, purchases);
}

}  // namespace

std::vector<SlotGain> CorrectionInputs::observed(const LoggedPage& page) const {
  const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
  std::vector<SlotGain> gains = slot_gain_parts(weights, request, page);
  delays.correct(weights, request, page, gains);
  return gains;
}

ItemGains::ItemGains(const GainConfig& config, const FeedbackLog& log, const GainSources& sources)
    : config_(config),
      weights_(gain_weights(config, log)),
      log_(log),
      delays_(purchase_delays(config, log)),
      correction_(make_gain_correction(inputs(sources))) {
  warn_of_unpriced_purchases(config, log);
}

CorrectionInputs ItemGains::inputs(const GainSources& sources) const {
  return {config_, weights_, log_, sources, delays_};
}

ItemGains::ItemGains(ItemGains&&) noexcept = default;
ItemGains::~ItemGains() = default;

std::vector<double> ItemGains::observed(std::int64_t page) const {
  const LoggedPage& logged = log_.pages.at(static_cast<std::size_t>(page));
  return slot_gains(weights_, log_.requests[static_cast<std::size_t>(logged.request)].request, logged);
}

std::vector<double> ItemGains::of(std::int64_t page) const {
  const GainSources unused;
  return correction_->debiased(page, inputs(unused).observed(log_.pages.at(static_cast<std::size_t>(page))));
}

double ItemGains::pair_weight(int better, int worse) const {
  return correction_->pair_weight(better, worse);
}

std::vector<double> ItemGains::propensity_by_slot() const {
  return correction_->propensity_by_slot();
}

}  // namespace pagewright
