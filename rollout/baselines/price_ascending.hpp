#pragma once
// Cheapest first.

#include <memory>

#include "rollout/baselines/scored_policy.hpp"

namespace pagewright {

/// Orders candidates by price; those without a price come last. Prices are compared as they are, whatever the
/// currency.
std::unique_ptr<ScoredPolicy> make_price_ascending_policy(const PageLanguage& language);

}  // namespace pagewright
