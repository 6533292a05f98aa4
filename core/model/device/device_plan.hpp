#pragma once
// A batch plan as ATen's operators read it.

#include <cstdint>
#include <memory>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/model/batch_plan.hpp"

namespace pagewright {

/// How the rows of a plan attend to each other, or to what a cache holds.
class RowAttention {
 public:
  virtual ~RowAttention() = default;
  /// As segment_attention (core/model/attention.hpp).
  virtual at::Tensor attend(const at::Tensor& query /* [rows, heads * head_size] */,
                            const at::Tensor& key /* [rows, kv_heads * head_size] */,
                            const at::Tensor& value /* [rows, kv_heads * head_size] */,
                            std::int64_t head_size, std::int64_t window) = 0;
};

/// All tensors lie on the device and are made once a plan, whatever the number of layers.
struct DevicePlan {
  at::Tensor ids;                        ///< [ids] of all bags, int64
  at::Tensor bag_row;                    ///< [ids] row of each id; undefined where every bag has one id
  at::Tensor cosine, sine;               ///< [rows, head_size / 2] of each row's position
  std::shared_ptr<RowAttention> attend;  ///< never null
};

/// plan_batch for weights like `embedding`, with a DevicePlan where these take ATen's operators.
BatchPlanPtr plan_batch_for(const ModelConfig& config, const Batch& batch, const at::Tensor& embedding);

/// Embedding and rotary part of a device plan for rows of the given bags and positions; the tables are
/// BatchPlan's.
DevicePlan plan_device_rows(std::span<const TokenId> ids, std::span<const std::int64_t> offsets,
                            std::span<const std::int64_t> positions, const at::Tensor& rope_cos,
                            const at::Tensor& rope_sin, c10::Device device);

}  // namespace pagewright
