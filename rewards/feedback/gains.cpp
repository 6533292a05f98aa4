#include "rewards/feedback/gains.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {

void PurchasedPrices::add(Split split, const LoggedPage& page) {
  if (split != Split::train) return;
  for (const Event& event : page.events) {
    if (event.kind != EventKind::purchase || !event.price) continue;
    sum_ += static_cast<double>(*event.price) * event.quantity;
    pieces_ += event.quantity;
  }
}

std::optional<double> PurchasedPrices::mean() const {
  if (pieces_ == 0 || sum_ <= 0) return std::nullopt;
  return sum_ / static_cast<double>(pieces_);
}

std::optional<double> mean_purchased_price(const FeedbackLog& log) {
  PurchasedPrices prices;
  for (const LoggedPage& page : log.pages)
    prices.add(log.requests[static_cast<std::size_t>(page.request)].split, page);
  return prices.mean();
}

bool GainConfig::learns_from(const FeedbackLog& log, const LoggedPage& page, Split split) const {
  return log.requests[static_cast<std::size_t>(page.request)].split == split &&
         (revisits || !page.revisit_of);
}

GainWeights gain_weights(const GainConfig& config, const FeedbackLog& log) {
  const bool needed = config.price_power != 0 && !config.price_ref;
  return gain_weights(config, needed ? mean_purchased_price(log) : std::nullopt);
}

GainWeights gain_weights(const GainConfig& config, std::optional<double> mean_price) {
  GainWeights weights{config.click, config.purchase, config.price_power, 1.0, config.dismissal, config.cart};
  if (config.price_power == 0) return weights;
  const std::optional<double> price_ref = config.price_ref ? config.price_ref : mean_price;
  require(
      price_ref.has_value(),
      "gains: the training pages have no purchase with a price, so price_ref is unknown; set price_ref, or "
      "price_power: 0 if price is no revenue");
  weights.price_ref = *price_ref;
  return weights;
}

std::vector<SlotGain> slot_gain_parts(const GainWeights& weights, const Request& request,
                                      const LoggedPage& page) {
  const std::vector<SlotFeedback> feedback = slot_feedback(page);
  const std::vector<std::int32_t> items = page.page.items();
  std::vector<SlotGain> gains(feedback.size());
  for (std::size_t k = 0; k < feedback.size(); ++k) {
    const SlotFeedback& slot = feedback[k];
    const bool cart = weights.cart > 0 && slot.carts > 0;
    if (slot.dismissals > 0) gains[k].dismissal = -weights.dismissal;
    if (slot.clicked()) gains[k].click = weights.click;
    if (cart) gains[k].cart = weights.cart;
    if (slot.purchases <= slot.returns) continue;
    const auto& listed = request.candidates.at(static_cast<std::size_t>(items[k])).price;
    double paid = slot.revenue;
    if (paid <= 0) paid = listed ? static_cast<double>(*listed) * slot.purchases : weights.price_ref;
    if (slot.returns > 0) paid *= static_cast<double>(slot.purchases - slot.returns) / slot.purchases;
    gains[k].purchase = weights.purchase_gain(paid);
  }
  return gains;
}

std::vector<double> slot_gains(const GainWeights& weights, const Request& request, const LoggedPage& page) {
  std::vector<double> gains;
  for (const SlotGain& slot : slot_gain_parts(weights, request, page)) gains.push_back(slot.total());
  return gains;
}

double page_utility(const GainWeights& weights, const Request& request, const LoggedPage& page) {
  double sum = 0;
  for (const double gain : slot_gains(weights, request, page)) sum += gain;
  return sum;
}

int engagements(const GainWeights& weights, const LoggedPage& page) {
  int count = 0;
  for (const SlotFeedback& slot : slot_feedback(page)) {
    const bool cart = weights.cart > 0 && slot.carts > 0;
    const bool dismissed = weights.dismissal > 0 && slot.dismissals > 0;
    count += slot.clicked() + (slot.purchases > 0) + cart + dismissed;
  }
  return count;
}

bool fits_clicks(GainEstimator estimator) {
  return estimator == GainEstimator::regression_em || estimator == GainEstimator::dla ||
         estimator == GainEstimator::trust || estimator == GainEstimator::pairwise;
}

double confidence(int evidence, int full_confidence) {
  return std::min(1.0, static_cast<double>(evidence) / full_confidence);
}

}  // namespace pagewright
