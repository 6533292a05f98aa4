#pragma once
// Groups whose tensors may be on the host and on devices.

#include <memory>

#include "distributed/communicator.hpp"

namespace pagewright {

/// Takes tensors on the CPU to one backend and those on a device to another. Both are groups of the same
/// ranks in the same order; barriers go to the first. Messages go where
/// their tensors are; those on devices have no tags but 0.
class DeviceGroup final : public Communicator {
 public:
  DeviceGroup(std::unique_ptr<Communicator> host, std::unique_ptr<Communicator> devices);

  std::string backend() const override;
  int rank() const override { return host_->rank(); }
  int size() const override { return host_->size(); }
  bool moves(at::ScalarType type) const override { return host_->moves(type) && devices_->moves(type); }
  bool reduces(at::ScalarType type) const override { return host_->reduces(type) && devices_->reduces(type); }
  bool accepts(c10::Device device) const override { return device.is_cpu() || devices_->accepts(device); }
  int highest_tag() const override { return host_->highest_tag(); }

 private:
  Communicator& of(const at::Tensor& tensor) const;

  std::unique_ptr<Work> start_broadcast(at::Tensor tensor, int root) override;
  std::unique_ptr<Work> start_all_reduce(at::Tensor tensor, ReduceOp op) override;
  std::unique_ptr<Work> start_reduce_scatter(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                         FullParts received) override;
  std::unique_ptr<Work> start_gather(at::Tensor output, at::Tensor input, int root, FullParts parts) override;
  std::unique_ptr<Work> start_scatter(at::Tensor output, at::Tensor input, int root,
                                      FullParts parts) override;
  void run_barrier() override { host_->barrier(); }
  std::unique_ptr<Work> start_send(at::Tensor tensor, int to, int tag) override;
  std::unique_ptr<Work> start_receive(at::Tensor tensor, int from, int tag) override;

  std::unique_ptr<Communicator> host_, devices_;
};

/// The group itself where the rank computes on the CPU or is alone; otherwise it talks about tensors on
/// `device` by NCCL. All ranks of the group call it together, with a device each of their own.
std::unique_ptr<Communicator> with_devices(std::unique_ptr<Communicator> group, c10::Device device);

}  // namespace pagewright
