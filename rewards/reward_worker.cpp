#include "rewards/reward_worker.hpp"

#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

RewardWorker::RewardWorker(const PageLanguage& language, Policy& reference, std::vector<WeightedTerm> terms,
                           double invalid_reward)
    : language_(language), reference_(reference), terms_(std::move(terms)), invalid_reward_(invalid_reward) {}

std::vector<Score> RewardWorker::score(std::span<const KeyedRequest> requests,
                                       std::span<const Trajectory> trajectories) {
  std::vector<Score> scores(trajectories.size());
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    scores[i].slot_rewards.assign(trajectories[i].spans.slots.size(), 0.0F);
    scores[i].invalid_cause = trajectories[i].invalid_cause;
    if (!trajectories[i].invalid_cause.empty()) scores[i].format_reward = static_cast<float>(invalid_reward_);
  }
  const GroupedPages grouped = group_pages(language_, requests, trajectories);
  for (const WeightedTerm& term : terms_) add_term(term, grouped, scores);

  auto log_probs = reference_.log_probs(requests, trajectories);
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i].reference_log_probs = std::move(log_probs[i]);
  return scores;
}

void RewardWorker::add_term(const WeightedTerm& weighted, const GroupedPages& grouped,
                            std::span<Score> scores) const {
  std::vector<TermScore> said = weighted.term->score(grouped.groups);
  std::size_t next = 0;
  for (const auto& sources : grouped.sources)
    for (std::size_t source : sources) {
      require(next < said.size(), "reward term '{}' scored {} pages, fewer than it was given",
              weighted.term->name(), said.size());
      TermScore& term = said[next++];
      Score& score = scores[source];
      const auto weight = static_cast<float>(weighted.weight);
      score.page_reward += weight * term.page;
      require(term.slots.empty() || term.slots.size() == score.slot_rewards.size(),
              "reward term '{}' scored {} slots of a page of {}", weighted.term->name(), term.slots.size(),
              score.slot_rewards.size());
      for (std::size_t k = 0; k < term.slots.size(); ++k) score.slot_rewards[k] += weight * term.slots[k];
      score.terms.push_back(std::move(term));
    }
}

}  // namespace pagewright
