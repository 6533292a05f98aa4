#include "distributed/accelerator.hpp"

#ifdef PAGEWRIGHT_CUDA
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>
#endif

namespace pagewright {

#ifdef PAGEWRIGHT_CUDA

AcceleratorReport find_accelerators() {
  AcceleratorReport report;
  int cuda = 0, nccl = 0, devices = 0;
  if (cudaRuntimeGetVersion(&cuda) == cudaSuccess)
    report.cuda = fmt::format("{}.{}", cuda / 1000, cuda % 1000 / 10);
  if (ncclGetVersion(&nccl) == ncclSuccess)
    report.nccl = fmt::format("{}.{}.{}", nccl / 10000, nccl / 100 % 100, nccl % 100);
  if (const cudaError_t code = cudaGetDeviceCount(&devices); code != cudaSuccess || devices == 0)
    report.no_device = cudaGetErrorString(code == cudaSuccess ? cudaErrorNoDevice : code);
  for (int device = 0; device < devices; ++device) {
    cudaDeviceProp properties{};
    char address[32] = {};
    if (cudaGetDeviceProperties(&properties, device) != cudaSuccess) continue;
    report.devices.push_back(
        fmt::format("{}, {:.0f} GB", properties.name, static_cast<double>(properties.totalGlobalMem) / 1e9));
    if (cudaDeviceGetPCIBusId(address, sizeof address, device) != cudaSuccess) address[0] = '?';
    report.addresses.emplace_back(address);
  }
  return report;
}

#else

AcceleratorReport find_accelerators() {
  return {};
}

#endif

}  // namespace pagewright
