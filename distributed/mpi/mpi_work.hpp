#pragma once
// An MPI operation under way.

#include <exception>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <mpi.h>

#include "distributed/communicator.hpp"
#include "distributed/mpi/staged_tensor.hpp"

namespace pagewright {

/// Requests of one operation with all that must outlive them. Destroyed by an exception on its way out, it
/// does not wait, since the other end may wait for this rank's next call: MPI keeps the memory until the job
/// ends.
class MpiWork final : public Work {
 public:
  explicit MpiWork(std::string operation) : operation_(std::move(operation)) {}
  ~MpiWork() override;
  MpiWork(const MpiWork&) = delete;
  MpiWork& operator=(const MpiWork&) = delete;

  /// Keeps a tensor of the operation, and says where MPI finds or leaves its content: [the tensor's shape],
  /// on the CPU.
  at::Tensor stage(at::Tensor tensor, Staging use);
  /// A slot for the next request of the operation.
  MPI_Request* request() { return &requests_.emplace_back(MPI_REQUEST_NULL); }
  /// Counts and displacements that MPI reads until the operation is done.
  int* keep(std::vector<int> numbers);

  bool done() override;
  void wait() override;

 private:
  void finish();

  std::string operation_;
  std::vector<StagedTensor> tensors_;
  std::vector<std::vector<int>> numbers_;
  std::vector<MPI_Request> requests_;
  bool done_ = false;
  int exceptions_at_start_ = std::uncaught_exceptions();
};

}  // namespace pagewright
