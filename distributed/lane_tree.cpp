#include "distributed/lane_tree.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kLaneTreeRange = 16384;  // elements of all lanes that one job adds

/// Calls add(into, from) for every node of the tree, leaves first.
template <class Add>
void walk_lane_tree(std::size_t lanes, const Add& add) {
  require(std::has_single_bit(lanes), "the lane tree needs a power of two of lanes, not {}", lanes);
  for (std::size_t distance = 1; distance < lanes; distance *= 2)
    for (std::size_t lane = 0; lane < lanes; lane += 2 * distance) add(lane, lane + distance);
}

template <class T>
void add_lane_range(std::span<const at::Tensor> lanes, std::int64_t begin, std::int64_t end) {
  walk_lane_tree(lanes.size(), [&](std::size_t into, std::size_t from) {
    T* sum = lanes[into].mutable_data_ptr<T>();
    const T* term = lanes[from].const_data_ptr<T>();
    for (std::int64_t i = begin; i < end; ++i) sum[i] += term[i];
  });
}

}  // namespace

void add_lanes(std::span<const at::Tensor> lanes, LanePool& pool) {
  require(!lanes.empty(), "the lane tree needs at least one lane");
  const at::ScalarType type = lanes[0].scalar_type();
  require(type == at::kFloat || type == at::kDouble, "the lane tree adds float or double");
  for (const at::Tensor& lane : lanes)
    require(lane.is_contiguous() && lane.numel() == lanes[0].numel() && lane.scalar_type() == type,
            "the lane tree needs contiguous buffers of equal size and type");
  const std::int64_t size = lanes[0].numel();
  const auto ranges = static_cast<int>((size + kLaneTreeRange - 1) / kLaneTreeRange);
  pool.run(ranges, [&](int range) {
    const std::int64_t begin = range * kLaneTreeRange, end = std::min(size, begin + kLaneTreeRange);
    type == at::kDouble ? add_lane_range<double>(lanes, begin, end)
                        : add_lane_range<float>(lanes, begin, end);
  });
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
