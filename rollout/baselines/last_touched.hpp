#pragma once
// What the user touched last, then the order as logged: hard to beat where lists are shown again.

#include <memory>

#include "rollout/baselines/scored_policy.hpp"
#include "rollout/baselines/shown_pages.hpp"

namespace pagewright {

/// The item of the user's last action comes first, if it is a candidate; the others follow as the page for
/// the request's key shows them, and those not shown, or all where no page is known, in the order of
/// Request::candidates.
std::unique_ptr<ScoredPolicy> make_last_touched_policy(const PageLanguage& language, ShownPages shown);

}  // namespace pagewright
