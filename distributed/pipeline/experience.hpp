#pragma once
// What the learner knows of an iteration's pages, filled step by step.

#include <cstdint>
#include <span>
#include <vector>

#include "core/base/parallel.hpp"
#include "core/iteration/interfaces.hpp"
#include "core/iteration/score.hpp"
#include "core/iteration/trajectory.hpp"
#include "core/page/page_language.hpp"

namespace pagewright {

/// One sampled page of T response tokens.
struct LearningPage {
  Trajectory trajectory;
  Score score;
  PageGrammar::Masks masks;                ///< allowed sets of its T steps
  std::vector<float> old_log_probs;        ///< [T] of the weights at the start of the update
  std::vector<float> old_values;           ///< [T] V of the state before each token
  std::vector<float> reference_log_probs;  ///< [T]
  std::vector<float> importance;  ///< [T] weights where others sampled the page (core/rl/importance.hpp)
  std::vector<float> advantages;  ///< [T] whitened
  std::vector<float> returns;     ///< [T] what the critic learns
  double total_reward = 0;        ///< sum of its token rewards without KL
};

/// One request with its samples, which never part.
struct LearningRequest {
  KeyedRequest request;
  Prompt prompt;
  std::vector<LearningPage> pages;  ///< [samples]
};

/// The requests of an iteration in the lanes of this rank, lane after lane, equally many in each.
struct Experience {
  std::vector<LearningRequest> requests;
  std::vector<int> lanes;  ///< numbers of these lanes

  /// Of the `index`-th of these lanes.
  std::span<LearningRequest> lane(std::size_t index);
  std::span<const LearningRequest> lane(std::size_t index) const;
  std::int64_t pages() const;
};

/// Joins what was drawn, generated and scored, and rebuilds prompts and masks on the pool's threads. Throws
/// Error if the parts do not fit: a page missing, out of order, empty, or scored without reference log-probs.
Experience gather_experience(const PageLanguage& language, std::span<const KeyedRequest> requests,
                             std::vector<Trajectory> trajectories, std::vector<Score> scores, int samples,
                             std::span<const int> lanes, LanePool& pool);

}  // namespace pagewright
