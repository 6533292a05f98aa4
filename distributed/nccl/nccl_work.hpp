#pragma once
// An NCCL operation under way.

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "distributed/communicator.hpp"
#include "distributed/cuda/cuda_stream.hpp"
#include "distributed/nccl/nccl_comm.hpp"

namespace pagewright {

/// Holds the operation's tensors until it is through, so that no allocator gives their memory away before.
/// Destroyed by an exception on its way out, it ends the group, since the other end may wait for this rank's
/// next call.
class NcclWork final : public Work {
 public:
  /// `end` is recorded behind the operation.
  NcclWork(std::shared_ptr<NcclComm> comm, std::string operation, std::vector<at::Tensor> tensors,
           CudaEvent end)
      : comm_(std::move(comm)),
        operation_(std::move(operation)),
        tensors_(std::move(tensors)),
        end_(std::move(end)) {}
  ~NcclWork() override;
  NcclWork(const NcclWork&) = delete;
  NcclWork& operator=(const NcclWork&) = delete;

  bool done() override;
  void wait() override;

 private:
  std::shared_ptr<NcclComm> comm_;
  std::string operation_;
  std::vector<at::Tensor> tensors_;
  CudaEvent end_;
  bool done_ = false;
  int exceptions_at_start_ = std::uncaught_exceptions();
};

}  // namespace pagewright
