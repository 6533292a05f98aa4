#include "core/model/device/device_plan.hpp"

#include <vector>

#include <ATen/ops/index_select.h>

#include "core/model/device/operator_choice.hpp"
#include "core/model/device/segment_groups.hpp"
#include "core/numerics/device_copy.hpp"

namespace pagewright {

DevicePlan plan_device_rows(std::span<const TokenId> ids, std::span<const std::int64_t> offsets,
                            std::span<const std::int64_t> positions, const at::Tensor& rope_cos,
                            const at::Tensor& rope_sin, c10::Device device) {
  DevicePlan plan;
  const std::vector<std::int64_t> all_ids(ids.begin(), ids.end());
  plan.ids = copy_to_device(all_ids, device);
  if (ids.size() + 1 != offsets.size()) {
    std::vector<std::int64_t> row_of;
    for (std::size_t row = 0; row + 1 < offsets.size(); ++row)
      row_of.insert(row_of.end(), static_cast<std::size_t>(offsets[row + 1] - offsets[row]),
                    static_cast<std::int64_t>(row));
    plan.bag_row = copy_to_device(row_of, device);
  }
  const at::Tensor place = copy_to_device(positions, c10::kCPU);
  plan.cosine = copy_to_device(at::index_select(rope_cos, 0, place), device);
  plan.sine = copy_to_device(at::index_select(rope_sin, 0, place), device);
  return plan;
}

BatchPlanPtr plan_batch_for(const ModelConfig& config, const Batch& batch, const at::Tensor& embedding) {
  BatchPlanPtr plan = plan_batch(config, batch, wide_type(embedding.scalar_type()));
  if (!takes_operators(embedding)) return plan;
  DevicePlan on_device = plan_device_rows(plan->ids, plan->offsets, plan->positions, plan->rope_cos,
                                          plan->rope_sin, embedding.device());
  on_device.attend = std::make_shared<SegmentGroups>(*plan, embedding.device());
  plan->device = std::make_shared<const DevicePlan>(std::move(on_device));
  return plan;
}

}  // namespace pagewright
