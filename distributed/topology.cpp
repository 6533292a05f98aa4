#include "distributed/topology.hpp"

#include <algorithm>
#include <bit>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

bool is_power_of_two(int number) {
  return number > 0 && std::has_single_bit(static_cast<unsigned>(number));
}

}  // namespace

Topology::Topology(int ranks, int lanes) : ranks_(ranks), lanes_(lanes) {
  require(is_power_of_two(lanes),
          "lanes must be a power of two, not {}: sums over lanes follow a binary tree", lanes);
  require(is_power_of_two(ranks) && ranks <= lanes,
          "{} ranks cannot share {} lanes: take a power of two up to {}", ranks, lanes, lanes);
}

bool Topology::has_role(Role, int rank) const {
  return rank >= 0 && rank < ranks_;
}

LaneRange Topology::lanes_of(Role role, int rank) const {
  if (!has_role(role, rank)) return {};
  const int share = lanes_ / ranks_;
  return {rank * share, (rank + 1) * share};
}

std::int64_t Topology::requests_per_lane_and_mini_batch(std::int64_t requests, int mini_batches) const {
  require(mini_batches >= 1, "mini_batches must be at least 1, not {}", mini_batches);
  const std::int64_t unit = static_cast<std::int64_t>(lanes_) * mini_batches;
  const std::int64_t nearest = std::max<std::int64_t>(1, (requests + unit / 2) / unit) * unit;
  require(requests == nearest,
          "requests ({}) must be a multiple of lanes x mini_batches = {} x {} = {}; the nearest is {}",
          requests, lanes_, mini_batches, unit, nearest);
  return requests / unit;
}

}  // namespace pagewright
