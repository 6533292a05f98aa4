#pragma once
// Composes pages by a reward alone, without a policy: what the reward believes to be best.

#include <functional>
#include <string>
#include <vector>

#include "core/iteration/first_slot_ranking.hpp"
#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// Rewards of pages, one number a page; `requests[i]` is the request of `pages[i]`. Pages of one request
/// stand together and share its candidate order, so that a scorer can share the prompt. A page may be shorter
/// than the schema allows: it is the beginning of one.
using PageRewards = std::function<std::vector<double>(std::span<const KeyedRequest> requests,
                                                      std::span<const Trajectory> pages)>;

/// Fills slot by slot: of the allowed candidates it takes the one for which the page so far, with the
/// candidate and closed there, has the highest reward; the first one among equals. Sections in the schema's
/// order, each filled as far as it goes. For a reward that is a sum over slots, each depending on the slots
/// above alone, this adds the slot with the highest reward. Scores about slots x candidates pages a request,
/// in batches of requests. Deterministic and without density: log_probs() is an Error.
class GreedyRewardPolicy : public Policy, public FirstSlotRanking {
 public:
  GreedyRewardPolicy(const PageLanguage& language, PageRewards rewards, std::string name = "greedy_reward");
  std::string name() const override { return name_; }
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;
  /// Rewards of the pages of one item; minus infinity where the candidate may not stand first.
  std::vector<std::vector<double>> first_slot_scores(std::span<const KeyedRequest> requests) override;

 private:
  const PageLanguage* language_;
  PageRewards rewards_;
  std::string name_;
};

}  // namespace pagewright
