#include "distributed/local_communicator.hpp"

#include "core/base/error.hpp"

namespace pagewright {
namespace {

class FinishedWork final : public Work {
 public:
  bool done() override { return true; }
  void wait() override {}
};

std::unique_ptr<Work> finished_copy(at::Tensor& output, const at::Tensor& input) {
  output.view({-1}).copy_(input.view({-1}));
  return std::make_unique<FinishedWork>();
}

}  // namespace

std::unique_ptr<Work> LocalCommunicator::start_broadcast(at::Tensor, int) {
  return std::make_unique<FinishedWork>();
}

std::unique_ptr<Work> LocalCommunicator::start_all_reduce(at::Tensor, ReduceOp) {
  return std::make_unique<FinishedWork>();
}

std::unique_ptr<Work> LocalCommunicator::start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                              FullParts) {
  return finished_copy(output, input);
}

std::unique_ptr<Work> LocalCommunicator::start_all_gather(at::Tensor output, at::Tensor input, FullParts) {
  return finished_copy(output, input);
}

std::unique_ptr<Work> LocalCommunicator::start_all_to_all(at::Tensor output, at::Tensor input, FullParts,
                                                          FullParts) {
  return finished_copy(output, input);
}

std::unique_ptr<Work> LocalCommunicator::start_gather(at::Tensor output, at::Tensor input, int, FullParts) {
  return finished_copy(output, input);
}

std::unique_ptr<Work> LocalCommunicator::start_scatter(at::Tensor output, at::Tensor input, int, FullParts) {
  return finished_copy(output, input);
}

std::unique_ptr<Work> LocalCommunicator::start_send(at::Tensor, int, int) {
  fail("send: there is nobody to send to in a group of one");
}

std::unique_ptr<Work> LocalCommunicator::start_receive(at::Tensor, int, int) {
  fail("receive: there is nobody to receive from in a group of one");
}

}  // namespace pagewright
