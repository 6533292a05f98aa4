#include "distributed/compute_device.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/numerics/numeric_threads.hpp"

namespace pagewright {

c10::Device compute_device(DeviceChoice choice, const AcceleratorReport& found, int place) {
  if (choice == DeviceChoice::cpu || (choice == DeviceChoice::automatic && found.devices.empty()))
    return c10::kCPU;
  require(!found.cuda.empty(),
          "device: cuda, but this build computes on the CPU alone; build with `launch/build.sh --cuda on` "
          "where CUDA and NCCL are, or set device: cpu");
  require(!found.devices.empty(),
          "device: cuda, but no CUDA device is there ({}); `pagewright doctor` shows what is seen. Run where "
          "a card is, or set device: cpu",
          found.no_device);
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(place % static_cast<int>(found.devices.size()))};
}

std::string device_address(c10::Device device, const AcceleratorReport& found, const std::string& host) {
  if (device.is_cpu()) return {};
  return fmt::format("{} of {}", found.addresses.at(static_cast<std::size_t>(device.index())), host);
}

void make_device_current(c10::Device device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).setDevice(device);
}

std::unique_ptr<LanePool> make_device_pool(int threads, c10::Device device) {
  return make_lane_pool(threads, [device] { make_device_current(device); });
}

}  // namespace pagewright
