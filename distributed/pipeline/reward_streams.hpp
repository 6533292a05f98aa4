#pragma once
// Page rewards and item rewards as two streams, each brought to its share of the reward.

#include <map>
#include <optional>
#include <string>

#include "core/rl/moments.hpp"
#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/metrics.hpp"
#include "distributed/sharding/learner_lanes.hpp"

namespace pagewright {

/// fixed: rewards stay as the terms gave them. running: each stream is divided by its standard deviation.
enum class StreamScale { fixed, running };

/// With StreamScale::running the page rewards of all valid pages so far have a standard deviation of
/// `page_share` and the sums of a page's item rewards one of 1 - page_share, whatever their scale was under
/// the start policy. Nothing is shifted, so that ending a page early gains nothing. A stream that never
/// varied, or whose share is 0, stays as it is. The moments are those of the whole batch, lane by lane, the
/// iteration at hand included: the same on any number of ranks.
class RewardStreams {
 public:
  RewardStreams(StreamScale kind, double page_share);

  /// Takes in this rank's pages and scales their rewards; all learners take part. Does nothing if fixed.
  void scale(Experience& pages, const LearnerLanes& lanes);
  /// Adds page_reward_scale and item_reward_scale, by which rewards were multiplied, unless fixed.
  void report(Metrics& metrics) const;

  /// By stream, "page" and "item"; empty if fixed.
  std::map<std::string, Moments> moments() const;
  void restore(const std::map<std::string, Moments>& moments);

 private:
  double page_scale() const;
  double item_scale() const;

  StreamScale kind_;
  double page_share_;
  Moments page_, item_;
};

/// The metric `reward` as the terms gave it: with StreamScale::running the mean reward of iterations cannot
/// be compared while the scales move. Nothing without a finite reward.
std::optional<double> unscaled_reward(const Metrics& metrics);

}  // namespace pagewright
