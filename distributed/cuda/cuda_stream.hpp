#pragma once
// Streams and events of the CUDA runtime, each owned by one object.

#include <cuda_runtime_api.h>

namespace pagewright {

/// A stream of the current device that does not wait for the default stream.
class CudaStream {
 public:
  CudaStream();
  ~CudaStream();
  CudaStream(const CudaStream&) = delete;
  CudaStream& operator=(const CudaStream&) = delete;

  cudaStream_t get() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

/// A place in a stream of the current device, for ordering and asking alone (no time is taken).
class CudaEvent {
 public:
  CudaEvent();
  ~CudaEvent();
  CudaEvent(CudaEvent&& other) noexcept;
  CudaEvent& operator=(CudaEvent&&) = delete;

  /// The place is behind all that is in `stream` now.
  void record(cudaStream_t stream);
  /// What is put into `stream` from now on runs after the recorded place. The event need not outlive it.
  void hold_back(cudaStream_t stream) const;
  /// Whether everything before the recorded place has been done. Throws Error if the device has failed.
  bool reached() const;

 private:
  cudaEvent_t event_ = nullptr;
};

}  // namespace pagewright
