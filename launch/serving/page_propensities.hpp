#pragma once
// From the log-probs of a page's tokens to what a log stores of it.

#include <span>

#include "core/page/page_codec.hpp"
#include "core/page/page_json.hpp"

namespace pagewright {

/// Of tokens [T], added in their order (nats).
double page_log_prob(std::span<const float> token_log_probs);

/// Of the page and of each slot's item given what comes before it. A page so long that its propensity is
/// below every double has none; its slots have theirs.
PagePropensities propensities_of(const PageSpans& spans, std::span<const float> token_log_probs);

}  // namespace pagewright
