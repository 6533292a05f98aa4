#pragma once
// Ranks that talk by NCCL: tensors on CUDA devices.

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/cuda/cuda_stream.hpp"
#include "distributed/nccl/nccl_comm.hpp"
#include "distributed/nccl/nccl_types.hpp"

namespace pagewright {

struct NcclOptions {
  /// How long an operation may take, from the moment that this rank waits for it, work before it on the
  /// stream included. Above the longest pause of any rank, between two operations.
  std::chrono::milliseconds deadline{600'000};
};

/// Tensors on one CUDA device of this process. Each rank has a device of its own.
///
/// Note [Streams]
/// Operations run one after the other on a stream of this communicator. Each starts after what the calling
/// thread's current stream held when it was called. wait() holds the calling thread until the operation is
/// through, so that what any stream gets afterwards runs after it, and a lost rank is an Error here rather
/// than a stream that never goes on. To keep the device busy, start the next operation before waiting for the
/// last one. Until wait() or done() the Work keeps the tensors' memory; nobody may write to them, on whatever
/// stream. Operations of several communicators on one device must be started in the same order on all ranks.
///
/// Note [Lost ranks]
/// An operation that fails, or is not through within the deadline, aborts the communicator on this rank and
/// is an Error that names the operation. The contents of its outputs, and of those under way with it, are
/// lost, and the communicator refuses everything from then on. A call may itself wait for other ranks, when
/// the first operation of its kind makes the connections.
///
/// Messages have no tags, and a send may wait for its receive: where two ranks send to each other, one of
/// them must receive first. bool moves as bytes and cannot be reduced; int16 is refused.
class NcclCommunicator final : public Communicator {
 public:
  /// The ranks of `bootstrap`, which make it together and talk by it while they do; it need not live longer.
  /// `device` is this rank's. Throws Error on all ranks if one of them has no such device, and on each if
  /// some rank does not come within the deadline.
  NcclCommunicator(Communicator& bootstrap, int device, NcclOptions options = {});

  std::string backend() const override { return "nccl"; }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  bool moves(at::ScalarType type) const override { return nccl_moves(type); }
  bool reduces(at::ScalarType type) const override { return nccl_reduces(type); }
  c10::Device device() const override { return device_; }
  bool accepts(c10::Device device) const override { return device == device_; }
  int highest_tag() const override { return 0; }

 private:
  std::unique_ptr<Work> start_broadcast(at::Tensor tensor, int root) override;
  std::unique_ptr<Work> start_all_reduce(at::Tensor tensor, ReduceOp op) override;
  std::unique_ptr<Work> start_reduce_scatter(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_gather(at::Tensor output, at::Tensor input, FullParts parts) override;
  std::unique_ptr<Work> start_all_to_all(at::Tensor output, at::Tensor input, FullParts sent,
                                         FullParts received) override;
  std::unique_ptr<Work> start_gather(at::Tensor output, at::Tensor input, int root, FullParts parts) override;
  std::unique_ptr<Work> start_scatter(at::Tensor output, at::Tensor input, int root,
                                      FullParts parts) override;
  void run_barrier() override;
  std::unique_ptr<Work> start_send(at::Tensor tensor, int to, int tag) override;
  std::unique_ptr<Work> start_receive(at::Tensor tensor, int from, int tag) override;

  /// Puts `calls` as one group on the communicator's stream, behind the current one. They are told where they
  /// go.
  using NcclCalls = std::function<void(ncclComm_t comm, cudaStream_t stream)>;
  std::unique_ptr<Work> start(const char* operation, std::vector<at::Tensor> tensors, const NcclCalls& calls);

  int rank_;
  int size_;
  c10::Device device_;
  std::unique_ptr<CudaStream> stream_;
  std::shared_ptr<NcclComm> comm_;  ///< shared with the Work objects
};

}  // namespace pagewright
