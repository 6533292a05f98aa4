#include "core/model/batch_plan.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/model/rope_table.hpp"

namespace pagewright {
namespace {

void plan_tokens(const ModelConfig& config, const TokenBags& tokens, std::size_t segment, BatchPlan& plan) {
  for (int position = 0; position < tokens.size(); ++position) {
    const auto bag = tokens.at(position);
    require(!bag.empty(), "model input: segment {} position {} has no token", segment, position);
    for (const TokenId id : bag) {
      require(id >= 0 && id < config.vocab_size,
              "model input: token {} in segment {} is outside the vocabulary of {}", id, segment,
              config.vocab_size);
      plan.ids.push_back(id);
    }
    plan.offsets.push_back(static_cast<std::int64_t>(plan.ids.size()));
  }
}

void share_prefix(const Batch& batch, std::size_t index, const BatchPlan& plan, SegmentSpan& span) {
  const Segment& segment = batch.segments[index];
  const auto shared = static_cast<std::size_t>(segment.shared);
  require(
      shared < index && batch.segments[shared].parent == segment.parent && batch.segments[shared].shared < 0,
      "model input: segment {} shares a prefix with segment {}, which is no earlier whole segment of its "
      "parent",
      index, shared);
  require(segment.shared_rows >= 0 && segment.shared_rows <= plan.segments[shared].size &&
              segment.first_position == batch.segments[shared].first_position + segment.shared_rows,
          "model input: segment {} starts at position {}, not at the end of the {} rows that it shares with "
          "segment {}",
          index, segment.first_position, segment.shared_rows, shared);
  span.shared_begin = plan.segments[shared].begin;
  span.shared_size = segment.shared_rows;
}

SegmentSpan plan_segment(const Batch& batch, std::size_t index, const BatchPlan& plan, bool windowed) {
  const Segment& segment = batch.segments[index];
  SegmentSpan span{plan.rows, segment.tokens.size(), 0, 0};
  require(segment.shared < 0 || segment.parent >= 0,
          "model input: segment {} shares a prefix without a parent", index);
  if (segment.parent < 0) return span;
  const auto parent = static_cast<std::size_t>(segment.parent);
  require(parent < index, "model input: segment {} has parent {}, which does not come before it", index,
          parent);
  require(batch.segments[parent].parent < 0, "model input: parent {} of segment {} has a parent itself",
          parent, index);
  span.parent_begin = plan.segments[parent].begin;
  span.parent_size = plan.segments[parent].size;
  require(
      !windowed || segment.first_position >= batch.segments[parent].first_position + span.parent_size,
      "model input: segment {} starts at position {}, within its parent; a model with a sliding window needs "
      "positions that grow",
      index, segment.first_position);
  if (segment.shared >= 0) share_prefix(batch, index, plan, span);
  return span;
}

}  // namespace

BatchPlanPtr plan_batch(const ModelConfig& config, const Batch& batch, at::ScalarType dtype) {
  auto plan = c10::make_intrusive<BatchPlan>();
  plan->offsets.push_back(0);
  std::int64_t last_position = -1;
  for (std::size_t index = 0; index < batch.segments.size(); ++index) {
    const Segment& segment = batch.segments[index];
    const SegmentSpan span = plan_segment(batch, index, *plan, !config.windows.empty());
    plan_tokens(config, segment.tokens, index, *plan);
    const std::int64_t end = segment.first_position + span.size;
    require(segment.first_position >= 0 && end <= config.max_positions,
            "model input: segment {} ends at position {}, the model has max_positions {}", index, end,
            config.max_positions);
    for (std::int64_t i = 0; i < span.size; ++i) plan->positions.push_back(segment.first_position + i);
    if (span.size > 0) last_position = std::max(last_position, end - 1);
    plan->longest_walk = std::max(plan->longest_walk, span.walk());
    plan->rows += span.size;
    plan->segments.push_back(span);
  }
  rope_table(config, last_position + 1, dtype, plan->rope_cos, plan->rope_sin);
  return plan;
}

}  // namespace pagewright
