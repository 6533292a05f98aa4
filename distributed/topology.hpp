#pragma once
// Which rank does what: the only place with arithmetic over ranks and lanes.

#include <cstdint>

namespace pagewright {

enum class Role { rollout, reward, learner };

/// Lanes [begin, end).
struct LaneRange {
  int begin = 0;
  int end = 0;
  int size() const { return end - begin; }
  bool operator==(const LaneRange&) const = default;
};

/// All ranks do all roles; lanes are dealt in contiguous equal runs.
class Topology {
 public:
  /// Throws Error unless `lanes` is a power of two and `ranks` a power of two not above it.
  Topology(int ranks, int lanes);

  int ranks() const { return ranks_; }
  int lanes() const { return lanes_; }
  bool has_role(Role role, int rank) const;
  LaneRange lanes_of(Role role, int rank) const;

  /// Requests of an iteration that each lane and mini-batch takes. Throws Error naming the nearest valid
  /// number unless `requests` is a positive multiple of lanes x mini-batches.
  std::int64_t requests_per_lane_and_mini_batch(std::int64_t requests, int mini_batches) const;

 private:
  int ranks_;
  int lanes_;
};

}  // namespace pagewright
