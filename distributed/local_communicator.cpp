#include "core/base/error.hpp"
#include "distributed/communicator.hpp"

namespace pagewright {
namespace {

class FinishedWork final : public Work {
 public:
  bool done() override { return true; }
  void wait() override {}
};

void check_local_tensor(const char* operation, const at::Tensor& tensor) {
  require(tensor.defined() && tensor.is_contiguous(), "{}: the tensor must be defined and contiguous",
          operation);
}

std::unique_ptr<Work> copy_whole(const char* operation, at::Tensor& output, const at::Tensor& input) {
  check_local_tensor(operation, output);
  check_local_tensor(operation, input);
  require(output.numel() == input.numel() && output.scalar_type() == input.scalar_type(),
          "{}: on one rank output and input must have the same size and type, not {} and {} elements",
          operation, output.numel(), input.numel());
  output.view({-1}).copy_(input.view({-1}));
  return std::make_unique<FinishedWork>();
}

}  // namespace

std::unique_ptr<Work> LocalCommunicator::broadcast(at::Tensor tensor, int root) {
  check_local_tensor("broadcast", tensor);
  require(root == 0, "broadcast: there is no rank {} in a group of one", root);
  return std::make_unique<FinishedWork>();
}

std::unique_ptr<Work> LocalCommunicator::all_reduce(at::Tensor tensor, ReduceOp) {
  check_local_tensor("all_reduce", tensor);
  return std::make_unique<FinishedWork>();
}

std::unique_ptr<Work> LocalCommunicator::reduce_scatter(at::Tensor output, at::Tensor input) {
  return copy_whole("reduce_scatter", output, input);
}

std::unique_ptr<Work> LocalCommunicator::all_gather(at::Tensor output, at::Tensor input) {
  return copy_whole("all_gather", output, input);
}

std::unique_ptr<Work> LocalCommunicator::all_to_all(at::Tensor output, at::Tensor input) {
  return copy_whole("all_to_all", output, input);
}

}  // namespace pagewright
