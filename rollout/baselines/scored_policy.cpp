#include "rollout/baselines/scored_policy.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/iteration/page_walk.hpp"

namespace pagewright {
namespace {

std::int32_t highest_scored(std::span<const std::int32_t> items, const std::vector<double>& scores) {
  return *std::min_element(items.begin(), items.end(), [&](std::int32_t left, std::int32_t right) {
    const double a = scores[static_cast<std::size_t>(left)], b = scores[static_cast<std::size_t>(right)];
    return a != b ? a > b : left < right;
  });
}

}  // namespace

ScoredPolicy::ScoredPolicy(const PageLanguage& language, std::string name, CandidateScores scores)
    : language_(&language), name_(std::move(name)), scores_(std::move(scores)) {}

std::vector<double> ScoredPolicy::checked_scores(const KeyedRequest& request) const {
  std::vector<double> scores = scores_(request);
  require(scores.size() == request.request->candidates.size(),
          "policy '{}': {} scores for the {} candidates of '{}'", name_, scores.size(),
          request.request->candidates.size(), request.request->id);
  require(std::none_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); }),
          "policy '{}': a score of request '{}' is not a number", name_, request.request->id);
  return scores;
}

std::vector<Trajectory> ScoredPolicy::generate(std::span<const KeyedRequest> requests,
                                               const SampleOptions& options) {
  std::vector<Trajectory> result;
  for (const KeyedRequest& request : requests) {
    const std::vector<double> scores = checked_scores(request);
    PageWalk walk(*language_, request, options);
    while (!walk.finished()) {
      if (walk.items().empty())
        walk.take_structure();
      else
        walk.place(highest_scored(walk.items(), scores));
    }
    for (int sample = 0; sample < options.samples; ++sample) result.push_back(walk.trajectory(sample));
  }
  return result;
}

std::vector<std::vector<float>> ScoredPolicy::log_probs(std::span<const KeyedRequest>,
                                                        std::span<const Trajectory>) {
  fail("policy '{}' is deterministic and has no density: it cannot give log-probabilities", name_);
}

std::vector<std::vector<double>> ScoredPolicy::first_slot_scores(std::span<const KeyedRequest> requests) {
  std::vector<std::vector<double>> result;
  for (const KeyedRequest& request : requests) result.push_back(checked_scores(request));
  return result;
}

}  // namespace pagewright
