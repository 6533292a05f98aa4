#pragma once
// A checked batch as the kernels walk it.

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>

#include "core/iteration/batch.hpp"
#include "core/model/model_config.hpp"

namespace pagewright {

/// Rows of a segment, of its parent (parent_size 0: none) and of the prefix that it shares with a sibling.
struct SegmentSpan {
  std::int64_t begin = 0, size = 0;
  std::int64_t parent_begin = 0, parent_size = 0;
  std::int64_t shared_begin = 0, shared_size = 0;
  std::int64_t before() const { return parent_size + shared_size; }  ///< keys before the segment's own
  std::int64_t walk() const { return before() + size; }              ///< keys of the last row
};

struct DevicePlan;

/// Shared by the forward and backward of one call.
struct BatchPlan : torch::CustomClassHolder {
  std::vector<TokenId> ids;             ///< concatenated bags
  std::vector<std::int64_t> offsets;    ///< [rows + 1] into `ids`
  std::vector<std::int64_t> positions;  ///< [rows] rotary positions
  std::vector<SegmentSpan> segments;
  std::int64_t rows = 0;
  std::int64_t longest_walk = 0;  ///< most keys of any row
  at::Tensor rope_cos, rope_sin;  ///< [last position + 1, head_size / 2]
  /// The same on the weights' device; null where own kernels run (Note [Operators],
  /// core/model/device/operator_choice.hpp).
  std::shared_ptr<const DevicePlan> device;
};
using BatchPlanPtr = c10::intrusive_ptr<BatchPlan>;

/// Throws Error for a token outside the vocabulary, an empty bag, a position beyond max_positions, a parent
/// that does not come earlier or that has a parent itself, a shared prefix that is no prefix of an earlier
/// whole sibling or whose end is not where the segment starts.
BatchPlanPtr plan_batch(const ModelConfig& config, const Batch& batch, at::ScalarType dtype);

}  // namespace pagewright
