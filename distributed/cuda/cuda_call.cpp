#include "distributed/cuda/cuda_call.hpp"

#include "core/base/error.hpp"

namespace pagewright {

void check_cuda(cudaError_t code, std::string_view what) {
  require(code == cudaSuccess, "{}: {} ({})", what, cudaGetErrorString(code), cudaGetErrorName(code));
}

}  // namespace pagewright
