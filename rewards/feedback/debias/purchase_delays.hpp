#pragma once
// Purchases that come after the log has ended.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// A clicked slot: how old its page was when the log ended, and after which time it was bought from, if it
/// was.
struct ClickedSlotAge {
  double age = 0;               ///< seconds
  std::optional<double> delay;  ///< seconds from page to purchase, at most `age`
};

/// Time from page to purchase, and the share of clicks that a purchase follows, however late.
///   exponential    F(t) = 1 - exp(-t / mean), mean and share by EM on purchases seen and clicks whose
///   purchase
///                  may be still to come (Chapelle: "Modeling delayed feedback in display advertising", 2014,
///                  without covariates).
///   product_limit  F(t) = prod over seen delays d > t of (1 - n_d / R_d), n_d purchases of delay d, R_d
///   those of
///                  at most d on pages at least d old: only purchases seen are known, delays are truncated
///                  from the right by age (Lynden-Bell 1971; Woodroofe 1985). Relative to the oldest page.
struct PurchaseDelayFit {
  DelayForm form = DelayForm::exponential;
  double mean = 0;             ///< seconds, exponential; 0: purchases come at once
  std::vector<double> delays;  ///< ascending, product_limit
  std::vector<double> seen;    ///< [delays] F at each of them
  double share = 0;            ///< of clicks that are followed by a purchase

  /// F: probability that a purchase is made within `age` seconds.
  double within(double age) const;
  /// P(a purchase is still to come | a click, none within `age`) = share (1 - F) / (1 - share F).
  double still_to_come(double age) const;
};
/// Nothing without a purchase.
std::optional<PurchaseDelayFit> fit_purchase_delays(std::span<const ClickedSlotAge> slots, DelayForm form);

/// The correction of purchase gains that a configuration means on a log.
class PurchaseDelays {
 public:
  PurchaseDelays() = default;  ///< corrects nothing
  PurchaseDelays(const GainConfig& config, PurchaseDelayFit fit, std::int64_t log_end)
      : kind_(config.delayed_purchases),
        max_weight_(config.max_weight),
        fit_(std::move(fit)),
        end_(log_end) {}

  /// `weight`: a purchase gain is divided by F(age of the page), at most max_weight times; its mean is then
  /// that of all purchases, late ones included. `expected`: a clicked slot without a purchase gets
  /// still_to_come() purchases at its listed price (price_ref without one): less noise, but drawn to the mean
  /// of all items.
  void correct(const GainWeights& weights, const Request& request, const LoggedPage& page,
               std::span<SlotGain> gains) const;

 private:
  DelayedPurchases kind_ = DelayedPurchases::none;
  double max_weight_ = 1;
  PurchaseDelayFit fit_;
  std::int64_t end_ = 0;
};

/// Fitted to the training pages that `config` learns from. Throws Error, which counts them, if pages of
/// training or validation users or their purchases have no time, or lie after log_end. A purchase before its
/// page counts as made at once, and a log without purchases leaves nothing to correct; both are warned of.
PurchaseDelays purchase_delays(const GainConfig& config, const FeedbackLog& log);

}  // namespace pagewright
