#pragma once
// Return codes of the CUDA runtime as exceptions.

#include <string_view>

#include <cuda_runtime_api.h>

namespace pagewright {

/// Throws Error with CUDA's own words for a code other than success. `what` names the operation.
void check_cuda(cudaError_t code, std::string_view what);

}  // namespace pagewright
