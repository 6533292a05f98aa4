#include "tests/gpu/device_support.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>

#include <c10/cuda/CUDAFunctions.h>

#include "core/base/error.hpp"

namespace pagewright::test {

std::optional<c10::Device> device_of(const Communicator& world) {
  const int devices = c10::cuda::device_count();
  if (devices > 0) return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(world.rank() % devices));
  require(std::getenv("CI") == nullptr || !std::filesystem::exists("/dev/nvidia0"),
          "the machine has /dev/nvidia0, but CUDA sees no device; under CI the tests of devices must run");
  return std::nullopt;
}

std::unique_ptr<NcclCommunicator> make_nccl(Communicator& world, c10::Device device,
                                            std::chrono::milliseconds deadline) {
  if (c10::cuda::device_count() < world.size()) {
    ::setenv("NCCL_HOSTID", ("rank-" + std::to_string(world.rank())).c_str(), 1);
    ::setenv("NCCL_SOCKET_IFNAME", "lo", 1);
  }
  return std::make_unique<NcclCommunicator>(world, device.index(), NcclOptions{deadline});
}

}  // namespace pagewright::test
