#pragma once
// Logged pages with their feedback in numbers, as the reward models learn from them.

#include <cstdint>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "rewards/feedback/gains.hpp"

namespace pagewright {

/// A logged page that the schema allows.
struct FeedbackPage {
  std::int64_t request = 0;  ///< index into FeedbackLog::requests
  Page page;
  std::vector<float> clicked;      ///< [K] 0 or 1
  std::vector<float> purchased;    ///< [K] 0 or 1; implies clicked
  std::vector<float> carted = {};  ///< [K] 0 or 1; implies clicked if carts have a gain
  std::vector<float> paid = {};  ///< [K] minor units in all; 0 where nothing was bought or no price is known
};

/// The pages that `gains` learns from in a split, in the order of the log.
std::vector<FeedbackPage> feedback_pages(const FeedbackLog& log, const PageSchema& schema,
                                         const GainConfig& gains, Split split);

}  // namespace pagewright
