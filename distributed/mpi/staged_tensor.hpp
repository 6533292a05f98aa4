#pragma once
// Content of a tensor where MPI can reach it.

#include <ATen/core/Tensor.h>

namespace pagewright {

/// What an operation does with a tensor's content.
enum class Staging { read, written, both };

/// A tensor on the CPU as it is; for one on a device, a copy in pinned memory. The copy is made when the work
/// on the calling thread's current stream is done, and finish() enqueues the way back on the stream that is
/// then current.
class StagedTensor {
 public:
  StagedTensor(at::Tensor tensor, Staging use);

  const at::Tensor& host() const { return host_; }  ///< of the tensor's shape
  void finish();

 private:
  at::Tensor tensor_;
  at::Tensor host_;  // the tensor itself if it is on the CPU
  bool written_;
};

}  // namespace pagewright
