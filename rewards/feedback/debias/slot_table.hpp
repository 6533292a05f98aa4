#pragma once
#include <limits>
#include <span>
#include <vector>

#include "core/base/error.hpp"
#include "core/data/feedback_log.hpp"

namespace pagewright {

/// A number for every slot of every page of a log; NaN where none was set.
class SlotTable {
 public:
  explicit SlotTable(const FeedbackLog& log) {
    for (const LoggedPage& page : log.pages)
      begin_.push_back(begin_.back() + static_cast<std::size_t>(page.page.slot_count()));
    values_.assign(begin_.back(), std::numeric_limits<double>::quiet_NaN());
  }

  /// [K] of a page, to set.
  std::span<double> slots(std::int64_t page) {
    const auto p = static_cast<std::size_t>(page);
    return std::span(values_).subspan(begin_[p], begin_[p + 1] - begin_[p]);
  }
  /// [K] of a page. Throws Error if they were not set.
  std::span<const double> of(std::int64_t page) const {
    const auto p = static_cast<std::size_t>(page);
    const auto found = std::span(values_).subspan(begin_.at(p), begin_.at(p + 1) - begin_[p]);
    require(found.empty() || found[0] == found[0],
            "gains: page {} is not among the training and validation pages that gains are estimated for",
            page);
    return found;
  }

 private:
  std::vector<std::size_t> begin_{0};  ///< [pages + 1]
  std::vector<double> values_;
};

}  // namespace pagewright
