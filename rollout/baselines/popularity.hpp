#pragma once
// What most users engaged with first.

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/data/feedback_log.hpp"
#include "rollout/baselines/scored_policy.hpp"

namespace pagewright {

/// Engaged slots by item id.
using EngagementCounts = std::unordered_map<std::string, std::int64_t>;

/// Per item the events other than impressions (a purchase counts once, whatever its quantity) on the pages
/// whose request belongs to the training split. Revisits are left out: their events stand with the page they
/// revisit, too.
EngagementCounts count_training_engagements(const FeedbackLog& log);

/// Orders candidates by count. Ties are broken by a hash of (seed, item id) and not by the candidates' order,
/// which in a log is often the order that was shown: most items of a new page have the same count, and the
/// result would be the logged order in disguise.
std::unique_ptr<ScoredPolicy> make_popularity_policy(const PageLanguage& language, EngagementCounts counts,
                                                     std::uint64_t seed);

}  // namespace pagewright
