#include "launch/training_checkpoint.hpp"

#include <algorithm>
#include <cstring>

#include <ATen/ops/zeros_like.h>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

std::vector<NamedArray> split_flat(const FlatParameters& layout, const at::Tensor& flat) {
  std::vector<NamedArray> arrays;
  for (const FlatSlot& slot : layout.slots()) {
    const float* first = flat.const_data_ptr<float>() + slot.offset;
    arrays.push_back({slot.spec.name, slot.spec.shape, {first, first + slot.numel}});
  }
  std::sort(arrays.begin(), arrays.end(),
            [](const NamedArray& a, const NamedArray& b) { return a.name < b.name; });
  return arrays;
}

at::Tensor join_flat(const FlatParameters& layout, const Checkpoint& checkpoint, const std::string& group) {
  const auto found = checkpoint.arrays.find(group);
  require(found != checkpoint.arrays.end(), "the checkpoint has no {}", group);
  at::Tensor flat = at::zeros_like(layout.values());
  for (const FlatSlot& slot : layout.slots()) {
    const auto array =
        std::find_if(found->second.begin(), found->second.end(),
                     [&](const NamedArray& candidate) { return candidate.name == slot.spec.name; });
    require(array != found->second.end() && array->shape == slot.spec.shape &&
                array->values.size() == static_cast<std::size_t>(slot.numel),
            "the checkpoint's {} do not fit the model: {}", group, slot.spec.name);
    std::memcpy(flat.data_ptr<float>() + slot.offset, array->values.data(),
                array->values.size() * sizeof(float));
  }
  return flat;
}

}  // namespace

Checkpoint to_checkpoint(const FlatParameters& layout, const PipelineState& state,
                         std::vector<std::string> metrics) {
  Checkpoint checkpoint;
  checkpoint.iteration = state.iteration;
  checkpoint.arrays["parameters"] = split_flat(layout, state.values);
  checkpoint.arrays["exp_avg"] = split_flat(layout, state.first_moment);
  checkpoint.arrays["exp_avg_sq"] = split_flat(layout, state.second_moment);
  checkpoint.arrays["within_budget"] = split_flat(layout, state.within_budget);
  checkpoint.numbers = {{"kl_coefficient", state.kl_coefficient},
                        {"stopped", state.stopped ? 1.0 : 0.0},
                        {"optimizer_step", static_cast<double>(state.optimizer_step)},
                        {"policy_version", static_cast<double>(state.policy_version)}};
  checkpoint.metrics = std::move(metrics);
  return checkpoint;
}

PipelineState from_checkpoint(const FlatParameters& layout, const Checkpoint& checkpoint) {
  const auto number = [&](const char* name) {
    const auto found = checkpoint.numbers.find(name);
    require(found != checkpoint.numbers.end(), "the checkpoint does not say its {}", name);
    return found->second;
  };
  PipelineState state;
  state.iteration = checkpoint.iteration;
  state.kl_coefficient = number("kl_coefficient");
  state.stopped = number("stopped") != 0;
  state.optimizer_step = static_cast<std::int64_t>(number("optimizer_step"));
  state.policy_version = static_cast<std::int64_t>(number("policy_version"));
  state.values = join_flat(layout, checkpoint, "parameters");
  state.first_moment = join_flat(layout, checkpoint, "exp_avg");
  state.second_moment = join_flat(layout, checkpoint, "exp_avg_sq");
  state.within_budget = join_flat(layout, checkpoint, "within_budget");
  return state;
}

}  // namespace pagewright
