#pragma once
// Which rank does what: the only place with arithmetic over ranks and lanes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

class Section;

enum class Role { learner, rollout, reward };
std::string_view role_name(Role role);

/// colocated: every rank has all roles. split: every rank has one.
enum class Placement { colocated, split };

struct PlacementConfig {
  Placement placement = Placement::colocated;
  int learner = 1, rollout = 1, reward = 1;  ///< ranks of each role, with split
  /// Reads placement, learner, rollout, reward.
  static PlacementConfig from(const Section& section);
};

/// How learners share the lanes of a batch. contiguous: rank r of n has lanes r k to (r + 1) k - 1. strided:
/// it has lanes r, r + n, r + 2 n, ..., so that the j-th lanes of all ranks are neighbours.
enum class LaneOrder { contiguous, strided };

/// Deals lanes whole. Learners, whose sums over lanes follow a binary tree, are a power of two not above the
/// lanes; the other roles take any count up to the lanes. Colocated ranks do for their own lanes what all
/// roles do.
class Topology {
 public:
  /// Throws Error that names the nearest possible placement if this one is impossible for `ranks`.
  Topology(const PlacementConfig& config, int ranks, int lanes, LaneOrder order = LaneOrder::contiguous);

  int ranks() const { return ranks_; }
  int lanes() const { return lanes_; }
  Placement placement() const { return config_.placement; }
  /// Ranks with the role, ascending. Learners come first, so that rank 0 is the leader of the learners.
  std::vector<int> ranks_of(Role role) const;
  bool has_role(Role role, int rank) const;
  std::vector<int> lanes_of(Role role, int rank) const;
  /// The rank that has the lane in this role.
  int rank_of(Role role, int lane) const;
  /// "learner 2", "rollout 0", "rank 3" (colocated): how messages name a rank.
  std::string name_of(int rank) const;

 private:
  int begin_of(Role role) const;
  int count_of(Role role) const;

  PlacementConfig config_;
  int ranks_;
  int lanes_;
  LaneOrder order_;
};

/// Requests of an iteration that each lane and mini-batch takes. Throws Error naming the nearest valid number
/// unless `requests` is a positive multiple of lanes x mini-batches.
std::int64_t requests_per_lane_and_mini_batch(std::int64_t requests, int lanes, int mini_batches);

}  // namespace pagewright
