#include "rewards/feedback/gains.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace pagewright {

std::optional<double> mean_purchased_price(const FeedbackLog& log) {
  double sum = 0;
  std::int64_t pieces = 0;
  for (const LoggedPage& page : log.pages) {
    if (log.requests[static_cast<std::size_t>(page.request)].split != Split::train) continue;
    for (const Event& event : page.events) {
      if (event.kind != EventKind::purchase || !event.price) continue;
      sum += static_cast<double>(*event.price) * event.quantity;
      pieces += event.quantity;
    }
  }
  if (pieces == 0 || sum <= 0) return std::nullopt;
  return sum / static_cast<double>(pieces);
}

bool GainConfig::learns_from(const FeedbackLog& log, const LoggedPage& page, Split split) const {
  return log.requests[static_cast<std::size_t>(page.request)].split == split &&
         (revisits || !page.revisit_of);
}

GainWeights gain_weights(const GainConfig& config, const FeedbackLog& log) {
  GainWeights weights{config.click, config.purchase, config.price_power, 1.0, config.cart};
  if (config.price_power == 0) return weights;
  const std::optional<double> price_ref = config.price_ref ? config.price_ref : mean_purchased_price(log);
  require(
      price_ref.has_value(),
      "gains: the training pages have no purchase with a price, so price_ref is unknown; set price_ref, or "
      "price_power: 0 if price is no revenue");
  weights.price_ref = *price_ref;
  return weights;
}

std::vector<double> slot_gains(const GainWeights& weights, const Request& request, const LoggedPage& page) {
  const std::vector<SlotFeedback> feedback = slot_feedback(page);
  const std::vector<std::int32_t> items = page.page.items();
  std::vector<double> gains(feedback.size(), 0.0);
  for (std::size_t k = 0; k < feedback.size(); ++k) {
    const SlotFeedback& slot = feedback[k];
    const bool cart = weights.cart > 0 && slot.carts > 0;
    if (slot.clicks > 0 || slot.purchases > 0 || cart) gains[k] += weights.click;
    if (cart) gains[k] += weights.cart;
    if (slot.purchases == 0) continue;
    const auto& listed = request.candidates.at(static_cast<std::size_t>(items[k])).price;
    double paid = slot.revenue;
    if (paid <= 0) paid = listed ? static_cast<double>(*listed) * slot.purchases : weights.price_ref;
    gains[k] += weights.purchase_gain(paid);
  }
  return gains;
}

double page_utility(const GainWeights& weights, const Request& request, const LoggedPage& page) {
  double sum = 0;
  for (const double gain : slot_gains(weights, request, page)) sum += gain;
  return sum;
}

int engagements(const LoggedPage& page) {
  int count = 0;
  for (const SlotFeedback& slot : slot_feedback(page))
    count += (slot.clicks > 0 || slot.purchases > 0) + (slot.purchases > 0);
  return count;
}

std::vector<double> debiased_gains(const PositionPropensities& propensities,
                                   const std::vector<double>& gains) {
  std::vector<double> debiased(gains.size());
  for (std::size_t k = 0; k < gains.size(); ++k)
    debiased[k] = propensities.inverse(static_cast<int>(k)) * gains[k];
  return debiased;
}

double confidence(int evidence, int full_confidence) {
  return std::min(1.0, static_cast<double>(evidence) / full_confidence);
}

}  // namespace pagewright
