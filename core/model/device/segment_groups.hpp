#pragma once
// Attention over segments with shared parents, in ATen's operators.

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "core/model/device/device_plan.hpp"

namespace pagewright {

/// Note [Groups]
/// A segment without parent and its children are a group. Rows of the parent attend to the parent, causally,
/// and rows of all children together to the parent's keys and to the children's own, with a mask that lets a
/// child see the parent, its own past and a prefix that it shares with another child alone; so no key is
/// copied, and a parent's gradient is the sum over its children. Groups of similar size lie in one chunk,
/// padded to the largest, each chunk one scaled dot product attention (at::scaled_dot_product_attention,
/// which computes softmax in float or wider). A group's padding is never seen: padded keys are masked, padded
/// queries are not read.
class SegmentGroups final : public RowAttention {
 public:
  SegmentGroups(const BatchPlan& plan, c10::Device device);

  at::Tensor attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                    std::int64_t head_size, std::int64_t window) override;

 private:
  /// Queries and keys of some groups, padded: B groups of Q queries and K keys.
  struct Chunk {
    std::int64_t groups = 0, queries = 0, keys = 0;
    at::Tensor query_rows, key_rows;           // [B * Q], [B * K] rows of the batch
    at::Tensor query_owner, key_owner;         // [B, Q], [B, K] who the row belongs to
    at::Tensor query_position, key_position;   // [B, Q], [B, K] rotary positions
    at::Tensor shared_owner, shared_end;       // [B, Q] whose rows below which position it sees as well
    bool causal = false;                       ///< queries are the keys, in order
    std::map<std::int64_t, at::Tensor> masks;  ///< by window, [B, 1, heads / kv_heads * Q, K] to be added
  };

  const at::Tensor& mask_of(Chunk& chunk, std::int64_t window, std::int64_t group, at::ScalarType type);
  at::Tensor attend_chunk(Chunk& chunk, const at::Tensor& query, const at::Tensor& key,
                          const at::Tensor& value, std::int64_t head_size, std::int64_t window);

  std::vector<Chunk> chunks_;
  at::Tensor place_;  // [rows] where each row lies in the chunks' queries, one after the other
  std::mutex mutex_;  // of masks
};

}  // namespace pagewright
