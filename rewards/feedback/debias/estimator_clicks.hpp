#pragma once
// Clicks of the log for estimators that fit something to them.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "rewards/clicks/click_log.hpp"
#include "rewards/feedback/debias/gain_correction.hpp"

namespace pagewright {

/// The pages that gains are estimated from. Throws Error, which names the estimator, if the sources have no
/// schema, if there is no training page or if nothing on them was clicked.
ClickLog estimator_clicks(const CorrectionInputs& inputs, const std::string& estimator);

/// Calls visit(index of the page, its session, whether it is a training page) for all pages.
void for_each_session(const ClickLog& clicks,
                      const std::function<void(std::int64_t, const ClickSession&, bool)>& visit);

/// Means by page-order slot over pages.
class SlotMeans {
 public:
  void add(std::span<const double> slots);
  /// [longest page] relative to the first; Error if that is 0.
  std::vector<double> relative_to_first(const std::string& estimator) const;
  /// Mean of the first slot.
  double first() const { return sums_.at(0) / counts_.at(0); }

 private:
  std::vector<double> sums_, counts_;
};

}  // namespace pagewright
