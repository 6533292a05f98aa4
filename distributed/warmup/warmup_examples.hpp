#pragma once
// Logged pages as targets of the warm-up.

#include <cstdint>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "core/page/page_schema.hpp"
#include "distributed/warmup/warmup_config.hpp"

namespace pagewright {

struct WarmupExample {
  std::int64_t request = 0;  ///< index into FeedbackLog::requests
  Page target;
  std::vector<std::uint8_t> engaged;  ///< [K] by slot of `target`
};

struct WarmupExamples {
  std::vector<WarmupExample> examples;
  int kept_as_shown = 0;  ///< pages where moving engaged items first would break the schema
  int invalid = 0;        ///< logged pages that the schema does not allow; left out
};

/// The pages of a split, revisits included. With WarmupTarget::engaged_first items are sorted by engagement
/// (purchases, then carts, then clicks; ties keep their order) and refill the page's slots from the first on.
WarmupExamples warmup_examples(const FeedbackLog& log, const PageSchema& schema, Split split,
                               WarmupTarget target);

}  // namespace pagewright
