#pragma once
// What this build and this machine have for computing on GPUs.

#include <string>
#include <vector>

namespace pagewright {

struct AcceleratorReport {
  std::string cuda;                    ///< version of the CUDA runtime; empty in a build for the CPU alone
  std::string nccl;                    ///< version of NCCL; empty likewise
  std::vector<std::string> devices;    ///< "NVIDIA H100, 80 GB"
  std::vector<std::string> addresses;  ///< on the PCI bus, of each device
  std::string no_device;               ///< why there is no device, in CUDA's words
};

/// Asks the driver. Throws nothing where there is none: the report says so.
AcceleratorReport find_accelerators();

}  // namespace pagewright
