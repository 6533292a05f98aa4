#include "distributed/lane_tree.hpp"

#include <bit>
#include <vector>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

/// Calls add(into, from) for every node of the tree, leaves first.
template <class Add>
void walk_lane_tree(std::size_t lanes, const Add& add) {
  require(std::has_single_bit(lanes), "the lane tree needs a power of two of lanes, not {}", lanes);
  for (std::size_t distance = 1; distance < lanes; distance *= 2)
    for (std::size_t lane = 0; lane < lanes; lane += 2 * distance) add(lane, lane + distance);
}

}  // namespace

void add_lanes(std::span<const at::Tensor> lanes) {
  require(!lanes.empty(), "the lane tree needs at least one lane");
  for (const at::Tensor& lane : lanes)
    require(lane.is_contiguous() && lane.numel() == lanes[0].numel() &&
                lane.scalar_type() == lanes[0].scalar_type(),
            "the lane tree needs contiguous buffers of equal size and type");
  walk_lane_tree(lanes.size(), [&](std::size_t into, std::size_t from) { lanes[into].add_(lanes[from]); });
}

LaneSums add_lanes(std::span<const LaneSums> lanes) {
  std::vector<LaneSums> sums(lanes.begin(), lanes.end());
  walk_lane_tree(sums.size(), [&](std::size_t into, std::size_t from) {
    for (const auto& [name, value] : sums[from]) sums[into][name] += value;
  });
  return sums.front();
}

double add_lanes(std::span<const double> lanes) {
  std::vector<double> sums(lanes.begin(), lanes.end());
  walk_lane_tree(sums.size(), [&](std::size_t into, std::size_t from) { sums[into] += sums[from]; });
  return sums.front();
}

Moments merge_lanes(std::span<const Moments> lanes) {
  std::vector<Moments> merged(lanes.begin(), lanes.end());
  walk_lane_tree(merged.size(),
                 [&](std::size_t into, std::size_t from) { merged[into].merge(merged[from]); });
  return merged.front();
}

}  // namespace pagewright
