#include "rewards/baselines/page_model_rewards.hpp"

#include <utility>

namespace pagewright {

PageRewards page_model_rewards(const PageLanguage& language, LearnedTermContext context, WeightsView weights,
                               PageModelForm form, GainWeights gains) {
  return [&language, context, weights = std::move(weights), form, gains](
             std::span<const KeyedRequest> requests, std::span<const Trajectory> pages) {
    const GroupedPages grouped = group_pages(language, requests, pages);
    const std::vector<PageScores> scores = score_pages(context, weights, form, gains, grouped.groups);
    std::vector<double> rewards(pages.size());
    std::size_t next = 0;
    for (const auto& sources : grouped.sources)
      for (const std::size_t source : sources) rewards[source] = scores[next++].page;
    return rewards;
  };
}

}  // namespace pagewright
