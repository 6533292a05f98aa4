#include "distributed/sharding/layer_units.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <ATen/ops/empty.h>

#include "core/base/error.hpp"
#include "core/numerics/block_sum.hpp"

namespace pagewright {

std::optional<std::int64_t> layer_of(std::string_view name) {
  constexpr std::string_view kPrefix = "model.layers.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  std::int64_t layer = 0;
  const auto read = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), layer);
  require(read.ec == std::errc{} && layer >= 0, "the parameter '{}' has no layer number", name);
  return layer;
}

std::vector<std::int64_t> layer_borders(const FlatParameters& parameters) {
  std::vector<std::int64_t> borders;
  std::optional<std::int64_t> before;
  for (const FlatSlot& slot : parameters.slots()) {
    const auto layer = layer_of(slot);
    if (layer != before)
      for (const std::int64_t block : {slot.offset / kSumBlock, (slot.offset + kSumBlock - 1) / kSumBlock})
        borders.push_back(block * kSumBlock);
    before = layer;
  }
  std::ranges::sort(borders);
  borders.erase(std::ranges::unique(borders).begin(), borders.end());
  return borders;
}

LayerUnits::LayerUnits(const FlatParameters& parameters, const Sharding& sharding)
    : layers_(static_cast<std::size_t>(parameters.config().layers)),
      completed_(static_cast<std::size_t>(parameters.config().layers) + 1) {
  const auto buckets = sharding.buckets();
  std::vector<std::int64_t> first_layer(buckets.size(), layers());
  const auto slots = parameters.slots();
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    const std::int64_t layer = layer_of(slots[slot]).value_or(kRoot);
    require(layer < layers(), "'{}' is of a layer that the model does not have", slots[slot].spec.name);
    LayerUnit& unit = layer == kRoot ? root_ : layers_[static_cast<std::size_t>(layer)];
    unit.slots.push_back(slot);
    for (std::size_t bucket = 0; bucket < buckets.size(); ++bucket) {
      if (slots[slot].offset >= buckets[bucket].end() ||
          slots[slot].offset + slots[slot].numel <= buckets[bucket].begin)
        continue;
      unit.buckets.push_back(bucket);
      first_layer[bucket] = std::min(first_layer[bucket], layer);
    }
  }
  if (parameters.frozen())
    for (const auto& [name, tensor] : parameters.frozen()->tensors()) {
      const auto layer = layer_of(name);
      (layer ? layers_[static_cast<std::size_t>(*layer)] : root_).frozen.push_back(name);
    }
  const auto sort_once = [](LayerUnit& unit) {
    std::ranges::sort(unit.buckets);
    unit.buckets.erase(std::ranges::unique(unit.buckets).begin(), unit.buckets.end());
  };
  sort_once(root_);
  for (LayerUnit& unit : layers_) sort_once(unit);
  for (std::size_t bucket = buckets.size(); bucket-- > 0;) {
    // Nothing but padding: complete at any time.
    const std::int64_t layer = first_layer[bucket] == layers() ? kRoot : first_layer[bucket];
    completed_[static_cast<std::size_t>(layer + 1)].push_back(bucket);
  }
}

GatheredUnit::GatheredUnit(Communicator& group, const Sharding& sharding, const LayerUnit& unit,
                           const at::Tensor& shard) {
  const auto buckets = sharding.buckets();
  for (std::size_t first = 0; first < unit.buckets.size();) {
    std::size_t end = first + 1;
    while (end < unit.buckets.size() && unit.buckets[end] == unit.buckets[end - 1] + 1) ++end;
    const std::int64_t begin = buckets[unit.buckets[first]].begin,
                       size = buckets[unit.buckets[end - 1]].end() - begin;
    const at::Tensor values = at::empty({size}, shard.options());
    for (; first < end; ++first) {
      const Bucket& bucket = buckets[unit.buckets[first]];
      works_.push_back(group.all_gather(values.narrow(0, bucket.begin - begin, bucket.size),
                                        sharding.part_of(shard, group.rank(), unit.buckets[first]),
                                        bucket.parts));
    }
    runs_.push_back({begin, values});
  }
}

void GatheredUnit::wait() {
  for (const auto& work : works_) work->wait();
  works_.clear();
}

at::Tensor GatheredUnit::values_of(const FlatSlot& slot) const {
  for (const Run& run : runs_)
    if (slot.offset >= run.begin && slot.offset + slot.numel <= run.begin + run.values.numel())
      return run.values.narrow(0, slot.offset - run.begin, slot.numel);
  fail("'{}' is not of this unit", slot.spec.name);
}

std::size_t GatheredUnit::bytes() const {
  std::size_t bytes = 0;
  for (const Run& run : runs_) bytes += run.values.nbytes();
  return bytes;
}

}  // namespace pagewright
