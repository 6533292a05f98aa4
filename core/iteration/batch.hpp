#pragma once
// What a model is run on: segments of positions. Packing and shared prompts are a matter of kernels, not of
// another data model.

#include <cstdint>
#include <vector>

#include "core/page/token_bags.hpp"

namespace pagewright {

/// A run of positions. A segment attends to all positions of its parent (if any), to the first `shared_rows`
/// of `shared` and causally to itself; its rotary positions start at `first_position` (the parent's length
/// for a response, plus the shared rows). With a shared prefix a response that differs from another from one
/// token on is computed from that token on; such batches are not differentiated.
struct Segment {
  TokenBags tokens;
  std::int32_t first_position = 0;
  std::int32_t parent = -1;      ///< index of an earlier segment of the same batch, or -1
  std::int32_t shared = -1;      ///< index of an earlier segment with the same parent, or -1
  std::int32_t shared_rows = 0;  ///< its first rows that are this segment's prefix
};

/// One scored response token: the row whose hidden state predicts it, what it was, and what was allowed.
/// Rows count positions through the batch: row = sum of the earlier segments' sizes + position in the
/// segment.
struct TargetRows {
  std::vector<std::int64_t> row;                 ///< [R] predicting rows
  std::vector<std::int32_t> target;              ///< [R] layout index of the token
  std::vector<std::int32_t> allowed;             ///< concatenated allowed layout indices, sorted within a row
  std::vector<std::int32_t> allowed_offsets{0};  ///< [R + 1]
  std::vector<std::int32_t> prompt;              ///< [R] ordinal of the row's prompt in `candidate_offsets`
  std::vector<std::int64_t> candidate_row;       ///< concatenated rows of the prompts' candidates, by place j
  std::vector<std::int32_t> candidate_offsets{0};  ///< [prompts + 1]
};

struct Batch {
  std::vector<Segment> segments;
  std::int64_t rows() const {
    std::int64_t n = 0;
    for (const Segment& segment : segments) n += segment.tokens.size();
    return n;
  }
};

}  // namespace pagewright
