#include "distributed/device_group.hpp"

#include <utility>

#include "core/base/error.hpp"
#ifdef PAGEWRIGHT_CUDA
#include "distributed/nccl/nccl_communicator.hpp"
#endif

namespace pagewright {

DeviceGroup::DeviceGroup(std::unique_ptr<Communicator> host, std::unique_ptr<Communicator> devices)
    : host_(std::move(host)), devices_(std::move(devices)) {
  require(host_->rank() == devices_->rank() && host_->size() == devices_->size(),
          "rank {} of {} on hosts is rank {} of {} on devices", host_->rank(), host_->size(),
          devices_->rank(), devices_->size());
}

std::string DeviceGroup::backend() const {
  return host_->backend() + " and " + devices_->backend();
}

Communicator& DeviceGroup::of(const at::Tensor& tensor) const {
  return tensor.defined() && !tensor.is_cpu() ? *devices_ : *host_;
}

std::unique_ptr<Work> DeviceGroup::start_broadcast(at::Tensor tensor, int root) {
  return of(tensor).broadcast(tensor, root);
}

std::unique_ptr<Work> DeviceGroup::start_all_reduce(at::Tensor tensor, ReduceOp op) {
  return of(tensor).all_reduce(tensor, op);
}

std::unique_ptr<Work> DeviceGroup::start_reduce_scatter(at::Tensor output, at::Tensor input,
                                                        FullParts parts) {
  return of(input).reduce_scatter(output, input, parts);
}

std::unique_ptr<Work> DeviceGroup::start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) {
  return of(input).all_gather(output, input, parts);
}

std::unique_ptr<Work> DeviceGroup::start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                                    FullParts received) {
  return of(input).all_to_all(output, input, sent, received);
}

std::unique_ptr<Work> DeviceGroup::start_gather(at::Tensor output, at::Tensor input, int root,
                                                FullParts parts) {
  return of(input).gather(output, input, root, parts);
}

std::unique_ptr<Work> DeviceGroup::start_scatter(at::Tensor output, at::Tensor input, int root,
                                                 FullParts parts) {
  return of(output).scatter(output, input, root, parts);
}

std::unique_ptr<Work> DeviceGroup::start_send(at::Tensor tensor, int to, int tag) {
  return of(tensor).send(tensor, to, tag);
}

std::unique_ptr<Work> DeviceGroup::start_receive(at::Tensor tensor, int from, int tag) {
  return of(tensor).receive(tensor, from, tag);
}

std::unique_ptr<Communicator> with_devices(std::unique_ptr<Communicator> group, c10::Device device) {
  if (!group || device.is_cpu() || group->size() == 1) return group;
#ifdef PAGEWRIGHT_CUDA
  auto devices = std::make_unique<NcclCommunicator>(*group, device.index());
  return std::make_unique<DeviceGroup>(std::move(group), std::move(devices));
#else
  fail("a group of {} on {}: this build computes on the CPU alone", group->size(), device.str());
#endif
}

}  // namespace pagewright
