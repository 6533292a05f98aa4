#include "core/model/device/operator_choice.hpp"

#include <atomic>

namespace pagewright {
namespace {

std::atomic<int> operators_everywhere{0};

}  // namespace

bool takes_operators(const at::Tensor& tensor) {
  return !tensor.is_cpu() || operators_everywhere.load(std::memory_order_relaxed) > 0;
}

OperatorsEverywhere::OperatorsEverywhere() {
  ++operators_everywhere;
}

OperatorsEverywhere::~OperatorsEverywhere() {
  --operators_everywhere;
}

}  // namespace pagewright
