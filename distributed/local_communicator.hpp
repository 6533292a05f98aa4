#pragma once
// The group of one rank.

#include "distributed/communicator.hpp"

namespace pagewright {

/// Every operation is its definition for n = 1 and done when it returns. There is nobody to send to.
class LocalCommunicator final : public Communicator {
 public:
  std::string backend() const override { return "local"; }
  int rank() const override { return 0; }
  int size() const override { return 1; }
  bool moves(at::ScalarType) const override { return true; }
  bool reduces(at::ScalarType) const override { return true; }
  bool accepts(c10::Device) const override { return true; }

 private:
  std::unique_ptr<Work> start_broadcast(at::Tensor tensor, int root) override;
  std::unique_ptr<Work> start_all_reduce(at::Tensor tensor, ReduceOp op) override;
  std::unique_ptr<Work> start_reduce_scatter(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                         FullParts received) override;
  std::unique_ptr<Work> start_gather(at::Tensor output, at::Tensor input, int root, FullParts parts) override;
  std::unique_ptr<Work> start_scatter(at::Tensor output, at::Tensor input, int root,
                                      FullParts parts) override;
  void run_barrier() override {}
  std::unique_ptr<Work> start_send(at::Tensor tensor, int to, int tag) override;
  std::unique_ptr<Work> start_receive(at::Tensor tensor, int from, int tag) override;
};

}  // namespace pagewright
