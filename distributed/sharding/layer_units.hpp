#pragma once
// The parameters that are used together: each layer's, and all others.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "distributed/flat_parameters.hpp"
#include "distributed/sharding/sharding.hpp"

namespace pagewright {

/// Number of the layer that the parameter `name` belongs to; nothing for embeddings, the last norm, heads.
std::optional<std::int64_t> layer_of(std::string_view name);
inline std::optional<std::int64_t> layer_of(const FlatSlot& slot) {
  return layer_of(slot.spec.name);
}

/// Places at which the flat buffer should be cut so that a layer's buckets hold little else, ascending:
/// before and after the block of kSumBlock elements in which a run of a layer's parameters begins.
std::vector<std::int64_t> layer_borders(const FlatParameters& parameters);

/// Slots of one layer, or (the root) of none, with the buckets that they lie in.
struct LayerUnit {
  std::vector<std::size_t> slots;    ///< indices into FlatParameters::slots()
  std::vector<std::size_t> buckets;  ///< ascending
  std::vector<std::string> frozen;   ///< its frozen parameters, which every rank has
};

class LayerUnits {
 public:
  static constexpr std::int64_t kRoot = -1;
  LayerUnits(const FlatParameters& parameters, const Sharding& sharding);

  std::int64_t layers() const { return static_cast<std::int64_t>(layers_.size()); }
  /// `layer` may be kRoot.
  const LayerUnit& unit(std::int64_t layer) const {
    return layer == kRoot ? root_ : layers_[static_cast<std::size_t>(layer)];
  }
  /// Buckets whose gradient is complete once the backward pass is through this layer (kRoot: through all of
  /// the model), the last first.
  std::span<const std::size_t> completed_by(std::int64_t layer) const {
    return completed_[static_cast<std::size_t>(layer + 1)];
  }

 private:
  LayerUnit root_;
  std::vector<LayerUnit> layers_;
  std::vector<std::vector<std::size_t>> completed_;  ///< [layers + 1], the root's first
};

/// One unit's parameters, gathered from all ranks for a while.
class GatheredUnit {
 public:
  /// Starts the all-gathers of the unit's buckets. All ranks of the group take part, with the bytes of the
  /// unit; `shard` [S] of this rank must stay as it is until wait() returns.
  GatheredUnit(Communicator& group, const Sharding& sharding, const LayerUnit& unit, const at::Tensor& shard);
  void wait();
  /// The slot's values as a flat tensor [numel]; a view that keeps them alive.
  at::Tensor values_of(const FlatSlot& slot) const;
  std::size_t bytes() const;

 private:
  struct Run {
    std::int64_t begin = 0;  ///< in the flat buffer
    at::Tensor values;       ///< of neighbouring buckets
  };
  std::vector<Run> runs_;
  std::vector<std::unique_ptr<Work>> works_;
};

}  // namespace pagewright
