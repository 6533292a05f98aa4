#pragma once
// Devices for the ranks of a test.

#include <chrono>
#include <memory>
#include <optional>

#include "distributed/nccl/nccl_communicator.hpp"

namespace pagewright::test {

/// The device of this rank: ranks share them in turn where there are fewer. None where CUDA sees no device;
/// then a test is to be skipped. Throws Error under CI on a machine whose driver has a device, where nothing
/// may be skipped.
std::optional<c10::Device> device_of(const Communicator& world);

/// NCCL refuses two ranks on one device of a host. Where they have to share, each says that it is a host of
/// its own, and talks over the loopback interface. All ranks call it together.
std::unique_ptr<NcclCommunicator> make_nccl(Communicator& world, c10::Device device,
                                            std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace pagewright::test
