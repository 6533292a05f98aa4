#include "rollout/baselines/popularity.hpp"

#include "core/base/error.hpp"
#include "core/base/hash.hpp"

namespace pagewright {

EngagementCounts count_training_engagements(const FeedbackLog& log) {
  EngagementCounts counts;
  for (const LoggedPage& shown : log.pages) {
    const LoggedRequest& logged = log.requests.at(static_cast<std::size_t>(shown.request));
    if (logged.split != Split::train || shown.revisit_of) continue;
    const std::vector<std::int32_t> items = shown.page.items();
    for (const Event& event : shown.events) {
      if (event.kind != EventKind::click && event.kind != EventKind::cart &&
          event.kind != EventKind::purchase)
        continue;
      require(event.slot >= 0 && static_cast<std::size_t>(event.slot) < items.size(),
              "page '{}': an event at slot {} of {}", shown.page_id, event.slot, items.size());
      const std::int32_t candidate = items[static_cast<std::size_t>(event.slot)];
      ++counts[logged.request.candidates.at(static_cast<std::size_t>(candidate)).id];
    }
  }
  return counts;
}

std::unique_ptr<ScoredPolicy> make_popularity_policy(const PageLanguage& language, EngagementCounts counts,
                                                     std::uint64_t seed) {
  return std::make_unique<ScoredPolicy>(
      language, "popularity", [counts = std::move(counts), seed](const KeyedRequest& request) {
        std::vector<double> scores;
        for (const Item& item : request.request->candidates) {
          const auto found = counts.find(item.id);
          const double tie = static_cast<double>(stable_hash(item.id, seed) >> 12) * 0x1p-52;  // in [0, 1)
          scores.push_back(static_cast<double>(found == counts.end() ? 0 : found->second) + tie);
        }
        return scores;
      });
}

}  // namespace pagewright
