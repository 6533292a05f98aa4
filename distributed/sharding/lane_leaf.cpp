#include "distributed/sharding/lane_leaf.hpp"

#include <memory>

#include <torch/csrc/autograd/variable.h>
#include <torch/version.h>

#include "core/base/error.hpp"

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

/// Of another type than the leaf's, without rounding.
void accept_gradient(const at::Tensor& leaf, at::ScalarType type) {
#if TORCH_VERSION_MAJOR > 2 || TORCH_VERSION_MINOR >= 10
  leaf.set_grad_dtype(type);
#else
  fail(
      "{}: this libtorch keeps gradients in the type of the parameters; take 2.10 or newer, or give "
      "precision.gradients the type of precision.parameters",
      c10::toString(type));
#endif
}

}  // namespace

at::Tensor lane_leaf(const at::Tensor& values, const FlatSlot& slot, const LaneGradient& gradient) {
  at::Tensor leaf = values.detach().view(slot.spec.shape);
  leaf.requires_grad_(true);
  if (gradient.flat.scalar_type() != leaf.scalar_type()) accept_gradient(leaf, gradient.flat.scalar_type());
  leaf.mutable_grad() = gradient.flat.narrow(0, slot.offset, slot.numel).view(slot.spec.shape);
  return leaf;
}

void add_slot_hook(const at::Tensor& leaf, const LaneGradient& gradient, std::size_t slot) {
  torch::autograd::impl::set_post_acc_grad_hooks(leaf, std::make_unique<SlotHook>(gradient, slot));
}

}  // namespace pagewright
