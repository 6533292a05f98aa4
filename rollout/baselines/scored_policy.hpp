#pragma once
// Policies that order the candidates by a score and compose greedily.

#include <functional>
#include <string>
#include <vector>

#include "core/iteration/first_slot_ranking.hpp"
#include "core/iteration/interfaces.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// Scores of a request's candidates, [M] by candidate index: higher goes first, equal scores keep the order
/// of Request::candidates. No NaN.
using CandidateScores = std::function<std::vector<double>(const KeyedRequest&)>;

/// Composes the page greedily: wherever an item may stand, the allowed one with the highest score; sections
/// in the schema's order, each filled as far as it goes. Always valid. A deterministic policy has no density:
/// log_probs() is an Error, and the log-probs of its trajectories are 0.
class ScoredPolicy : public Policy, public FirstSlotRanking {
 public:
  ScoredPolicy(const PageLanguage& language, std::string name, CandidateScores scores);
  std::string name() const override { return name_; }
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override;
  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override;
  std::vector<std::vector<double>> first_slot_scores(std::span<const KeyedRequest> requests) override;

 private:
  std::vector<double> checked_scores(const KeyedRequest& request) const;

  const PageLanguage* language_;
  std::string name_;
  CandidateScores scores_;
};

}  // namespace pagewright
