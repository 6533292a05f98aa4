#pragma once
// Where a process computes.

#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "core/base/parallel.hpp"
#include "distributed/accelerator.hpp"

namespace pagewright {

/// cuda: a CUDA device, or an Error. automatic: one where the build and the machine have it.
enum class DeviceChoice { cpu, cuda, automatic };

/// The device of a rank, which is number `place` of those on its machine: ranks take the devices that they
/// see in turn (under Slurm each may see one of its own). Throws Error that says what is missing.
c10::Device compute_device(DeviceChoice choice, const AcceleratorReport& found, int place);

/// What identifies the device among those of all machines: empty for the CPU.
std::string device_address(c10::Device device, const AcceleratorReport& found, const std::string& host);

/// New tensors and pinned memory of the calling thread belong to this device.
void make_device_current(c10::Device device);

/// Worker threads for lanes that compute there.
std::unique_ptr<LanePool> make_device_pool(int threads, c10::Device device);

}  // namespace pagewright
