#include "rewards/feedback/debias/purchase_delays.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"

namespace pagewright {
namespace {

std::vector<double> seen_delays(std::span<const ClickedSlotAge> slots) {
  std::vector<double> delays;
  for (const ClickedSlotAge& slot : slots)
    if (slot.delay) delays.push_back(*slot.delay);
  std::sort(delays.begin(), delays.end());
  return delays;
}

void fit_exponential(std::span<const ClickedSlotAge> slots, PurchaseDelayFit& fit) {
  constexpr int kMostSteps = 10000;
  constexpr double kEnough = 1e-12;
  double purchases = 0, waited = 0;
  for (const ClickedSlotAge& slot : slots)
    if (slot.delay) {
      purchases += 1;
      waited += *slot.delay;
    }
  fit.share = purchases / static_cast<double>(slots.size());
  fit.mean = waited / purchases;
  if (waited == 0) return;
  for (int step = 0; step < kMostSteps; ++step) {
    double late = 0, late_waited = 0;
    for (const ClickedSlotAge& slot : slots) {
      if (slot.delay) continue;
      const double to_come = fit.still_to_come(slot.age);
      late += to_come;
      late_waited += to_come * slot.age;
    }
    const double share = (purchases + late) / static_cast<double>(slots.size());
    const double mean = (waited + late_waited) / purchases;
    const double moved = std::abs(share - fit.share) + std::abs(mean / fit.mean - 1);
    fit.share = share;
    fit.mean = mean;
    if (moved < kEnough) return;
  }
  log_warn(
      "gains: the log is too short to tell late purchases from none (mean delay {:.0f} s, {:.0f} % of clicks "
      "are "
      "followed by a purchase, still rising); use delayed_purchases: none",
      fit.mean, 100 * fit.share);
}

/// Note: slots at risk at delay d are purchases with delay <= d on pages at least d old; as no delay exceeds
/// its page's age, they are those with delay <= d less those with age < d.
void fit_product_limit(std::span<const ClickedSlotAge> slots, PurchaseDelayFit& fit) {
  const std::vector<double> delays = seen_delays(slots);
  std::vector<double> ages;
  for (const ClickedSlotAge& slot : slots)
    if (slot.delay) ages.push_back(slot.age);
  std::sort(ages.begin(), ages.end());
  fit.delays = delays;
  fit.delays.erase(std::unique(fit.delays.begin(), fit.delays.end()), fit.delays.end());
  fit.seen.assign(fit.delays.size(), 1.0);
  double beyond = 1;  // product over the delays above
  for (std::size_t i = fit.delays.size(); i-- > 0;) {
    fit.seen[i] = beyond;
    const auto [first, last] = std::equal_range(delays.begin(), delays.end(), fit.delays[i]);
    const auto younger = std::lower_bound(ages.begin(), ages.end(), fit.delays[i]) - ages.begin();
    const auto ended = static_cast<double>(last - first);
    const auto at_risk = static_cast<double>(last - delays.begin() - younger);
    // One that is alone at risk says nothing of how many are beyond: the product would be 0 for ever.
    if (at_risk > ended) beyond *= 1 - ended / at_risk;
  }
  double all = 0;
  for (const ClickedSlotAge& slot : slots)
    if (slot.delay) all += 1 / std::max(fit.within(slot.age), 1e-3);
  fit.share = std::min(1.0, all / static_cast<double>(slots.size()));
}

struct DelayFaults {
  std::int64_t pages = 0, untimed = 0, after_end = 0, untimed_purchases = 0, purchases_after_end = 0,
               early_purchases = 0, purchases = 0;
};

void count_faults(const LoggedPage& page, std::int64_t end, DelayFaults& faults) {
  ++faults.pages;
  faults.untimed += page.timestamp <= 0;
  faults.after_end += page.timestamp > end;
  for (const Event& event : page.events) {
    if (event.kind != EventKind::purchase) continue;
    ++faults.purchases;
    faults.untimed_purchases += event.timestamp <= 0;
    faults.purchases_after_end += event.timestamp > end;
    faults.early_purchases += event.timestamp > 0 && event.timestamp < page.timestamp;
  }
}

/// The clicked slots of a page.
void add_slot_ages(const LoggedPage& page, std::int64_t end, std::vector<ClickedSlotAge>& slots) {
  const auto age = static_cast<double>(end - page.timestamp);
  std::vector<std::optional<ClickedSlotAge>> clicked(static_cast<std::size_t>(page.page.slot_count()));
  for (const Event& event : page.events) {
    if (event.kind != EventKind::click && event.kind != EventKind::cart && event.kind != EventKind::purchase)
      continue;
    auto& slot = clicked.at(static_cast<std::size_t>(event.slot));
    if (!slot) slot = ClickedSlotAge{age, std::nullopt};
    if (event.kind != EventKind::purchase) continue;
    const double delay = std::max(0.0, static_cast<double>(event.timestamp - page.timestamp));
    slot->delay = std::min(slot->delay.value_or(delay), delay);
  }
  for (const auto& slot : clicked)
    if (slot) slots.push_back(*slot);
}

std::int64_t last_time(const FeedbackLog& log) {
  std::int64_t last = 0;
  for (const LoggedPage& page : log.pages) {
    last = std::max(last, page.timestamp);
    for (const Event& event : page.events) last = std::max(last, event.timestamp);
  }
  return last;
}

void require_delay_times(const DelayFaults& faults) {
  require(faults.untimed == 0,
          "gains: delayed_purchases needs times, but {} of {} training and validation pages have no "
          "timestamp; set "
          "delayed_purchases: none, or import the log with times",
          faults.untimed, faults.pages);
  require(faults.untimed_purchases == 0,
          "gains: delayed_purchases needs times, but {} of {} purchases have no timestamp; set "
          "delayed_purchases: none, or import the log with times",
          faults.untimed_purchases, faults.purchases);
  require(faults.after_end == 0 && faults.purchases_after_end == 0,
          "gains: {} training and validation pages and {} of their purchases are younger than log_end; it is "
          "the time up to which purchases can be in the log",
          faults.after_end, faults.purchases_after_end);
  if (faults.early_purchases > 0)
    log_warn("gains: {} of {} purchases are older than their page; they count as made at once",
             faults.early_purchases, faults.purchases);
}

}  // namespace

double PurchaseDelayFit::within(double age) const {
  if (form == DelayForm::exponential) return mean > 0 ? -std::expm1(-age / mean) : 1;
  const auto above = std::upper_bound(delays.begin(), delays.end(), age);
  return above == delays.begin() ? 0 : seen[static_cast<std::size_t>(above - delays.begin()) - 1];
}

double PurchaseDelayFit::still_to_come(double age) const {
  const double done = within(age), silent = 1 - share * done;
  return silent > 0 ? share * (1 - done) / silent : 0;
}

std::optional<PurchaseDelayFit> fit_purchase_delays(std::span<const ClickedSlotAge> slots, DelayForm form) {
  if (std::none_of(slots.begin(), slots.end(), [](const auto& slot) { return slot.delay.has_value(); }))
    return std::nullopt;
  PurchaseDelayFit fit;
  fit.form = form;
  if (form == DelayForm::exponential)
    fit_exponential(slots, fit);
  else
    fit_product_limit(slots, fit);
  return fit;
}

void PurchaseDelays::correct(const GainWeights& weights, const Request& request, const LoggedPage& page,
                             std::span<SlotGain> gains) const {
  if (kind_ == DelayedPurchases::none) return;
  const double age = std::max(0.0, static_cast<double>(end_ - page.timestamp));
  if (kind_ == DelayedPurchases::weight) {
    const double weight = 1 / std::max(fit_.within(age), 1 / max_weight_);
    for (SlotGain& gain : gains) gain.purchase *= weight;
    return;
  }
  const double to_come = fit_.still_to_come(age);
  const std::vector<std::int32_t> items = page.page.items();
  const std::vector<SlotFeedback> feedback = slot_feedback(page);
  for (std::size_t k = 0; k < gains.size(); ++k) {
    if (!feedback[k].clicked() || feedback[k].purchases > 0) continue;
    const auto& listed = request.candidates.at(static_cast<std::size_t>(items[k])).price;
    gains[k].purchase =
        to_come * weights.purchase_gain(listed ? static_cast<double>(*listed) : weights.price_ref);
  }
}

PurchaseDelays purchase_delays(const GainConfig& config, const FeedbackLog& log) {
  if (config.delayed_purchases == DelayedPurchases::none) return {};
  const std::int64_t end = config.log_end.value_or(last_time(log));
  std::vector<ClickedSlotAge> slots;
  DelayFaults faults;
  for (const LoggedPage& page : log.pages) {
    const bool train = config.learns_from(log, page, Split::train);
    if (train || config.learns_from(log, page, Split::valid)) count_faults(page, end, faults);
    if (train) add_slot_ages(page, end, slots);
  }
  require_delay_times(faults);
  std::optional<PurchaseDelayFit> fit = fit_purchase_delays(slots, config.delays);
  if (!fit) {
    log_warn("gains: the training pages have no purchase, so delayed_purchases has nothing to correct");
    return {};
  }
  return PurchaseDelays(config, std::move(*fit), end);
}

}  // namespace pagewright
