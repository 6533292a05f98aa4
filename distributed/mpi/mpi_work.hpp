#pragma once
// An MPI operation under way.

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <mpi.h>

#include "distributed/communicator.hpp"

namespace pagewright {

/// Requests of one operation with all that must outlive them.
class MpiWork final : public Work {
 public:
  MpiWork(std::string operation, std::vector<at::Tensor> tensors)
      : operation_(std::move(operation)), tensors_(std::move(tensors)) {}
  ~MpiWork() override;
  MpiWork(const MpiWork&) = delete;
  MpiWork& operator=(const MpiWork&) = delete;

  /// A slot for the next request of the operation.
  MPI_Request* request() { return &requests_.emplace_back(MPI_REQUEST_NULL); }
  /// Counts and displacements that MPI reads until the operation is done.
  int* keep(std::vector<int> numbers);

  bool done() override;
  void wait() override;

 private:
  std::string operation_;
  std::vector<at::Tensor> tensors_;
  std::vector<std::vector<int>> numbers_;
  std::vector<MPI_Request> requests_;
  bool done_ = false;
};

}  // namespace pagewright
