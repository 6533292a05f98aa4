#pragma once
// What became of every page that was ordered, lane by lane.

#include <cstdint>
#include <vector>

#include "distributed/sharding/learner_lanes.hpp"

namespace pagewright {

/// Pages of one lane since the start of the process.
struct LaneAccount {
  std::int64_t drawn = 0;     ///< ordered
  std::int64_t learnt = 0;    ///< went through the update, in each of its passes
  std::int64_t measured = 0;  ///< looked at without learning, at the end of a run
  std::int64_t dropped = 0;   ///< under way when the run ended
  std::int64_t waiting = 0;   ///< ordered, and none of the above yet
  bool operator==(const LaneAccount&) const = default;
};

class LaneLedger {
 public:
  /// `lanes` must outlive it.
  explicit LaneLedger(const LearnerLanes& lanes) : lanes_(lanes), own_(lanes.own().size()) {}

  /// `pages` in each of this rank's lanes.
  void draw(std::int64_t pages);
  void measure(std::int64_t pages);
  void drop(std::int64_t pages);
  /// [lanes of this rank] pages that an update used.
  void learn(const std::vector<std::int64_t>& pages);

  /// Throws Error naming the lane unless every page of every learner's lanes is accounted for exactly once,
  /// and all lanes fared alike. All learners take part, with 40 bytes a lane.
  void check() const;
  const std::vector<LaneAccount>& own() const { return own_; }
  void reset() { own_.assign(own_.size(), {}); }

 private:
  void move_waiting(std::int64_t LaneAccount::*to, std::int64_t pages);

  const LearnerLanes& lanes_;
  std::vector<LaneAccount> own_;  ///< [lanes of this rank]
};

}  // namespace pagewright
