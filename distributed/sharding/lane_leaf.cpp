#include "distributed/sharding/lane_leaf.hpp"

#include <memory>

#include <torch/csrc/autograd/variable.h>

namespace pagewright {
namespace {

class SlotHook final : public torch::autograd::PostAccumulateGradHook {
 public:
  SlotHook(const LaneGradient& gradient, std::size_t slot) : gradient_(gradient), slot_(slot) {}
  void operator()(const torch::autograd::Variable&) override { gradient_.on_slot(slot_); }

 private:
  const LaneGradient& gradient_;
  std::size_t slot_;
};

}  // namespace

at::Tensor lane_leaf(const at::Tensor& values, const FlatSlot& slot, const LaneGradient& gradient) {
  at::Tensor leaf = values.detach().view(slot.spec.shape);
  leaf.requires_grad_(true);
  leaf.mutable_grad() = gradient.flat.narrow(0, slot.offset, slot.numel).view(slot.spec.shape);
  return leaf;
}

void add_slot_hook(const at::Tensor& leaf, const LaneGradient& gradient, std::size_t slot) {
  torch::autograd::impl::set_post_acc_grad_hooks(leaf, std::make_unique<SlotHook>(gradient, slot));
}

}  // namespace pagewright
