#include "distributed/cuda/cuda_stream.hpp"

#include <utility>

#include "core/base/log.hpp"
#include "distributed/cuda/cuda_call.hpp"

namespace pagewright {

CudaStream::CudaStream() {
  check_cuda(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "making a CUDA stream");
}

CudaStream::~CudaStream() {
  if (cudaStreamDestroy(stream_) != cudaSuccess) log_warn("a CUDA stream could not be destroyed");
}

CudaEvent::CudaEvent() {
  check_cuda(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "making a CUDA event");
}

CudaEvent::~CudaEvent() {
  if (event_ != nullptr && cudaEventDestroy(event_) != cudaSuccess)
    log_warn("a CUDA event could not be destroyed");
}

CudaEvent::CudaEvent(CudaEvent&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}

void CudaEvent::record(cudaStream_t stream) {
  check_cuda(cudaEventRecord(event_, stream), "recording a CUDA event");
}

void CudaEvent::hold_back(cudaStream_t stream) const {
  check_cuda(cudaStreamWaitEvent(stream, event_, 0), "ordering a stream after a CUDA event");
}

bool CudaEvent::reached() const {
  const cudaError_t code = cudaEventQuery(event_);
  if (code == cudaErrorNotReady) return false;
  check_cuda(code, "asking for a CUDA event");
  return true;
}

}  // namespace pagewright
