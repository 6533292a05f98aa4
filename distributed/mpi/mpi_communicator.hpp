#pragma once
// Ranks that talk by MPI.

#include <memory>

#include <mpi.h>

#include "distributed/communicator.hpp"
#include "distributed/mpi/mpi_types.hpp"

namespace pagewright {

class MpiWork;

/// CPU tensors; those of a device go through pinned memory (StagedTensor). Operations are nonblocking; they
/// advance while some rank is inside an MPI call, at the latest in wait(). The tag of a message belongs to
/// this communicator: others made from the same processes do not see it.
///
/// Note [Large messages]
/// MPI counts in int. Operations on at most kMpiLimit elements in all are MPI's own collectives; larger ones
/// go piece by piece, point to point or as one reduction a piece, so that no size is refused.
class MpiCommunicator final : public Communicator {
 public:
  /// All processes of the job. MpiEnvironment must be alive; all of them make it together.
  static std::unique_ptr<MpiCommunicator> world(std::int64_t limit = kMpiLimit);
  ~MpiCommunicator() override;
  MpiCommunicator(const MpiCommunicator&) = delete;
  MpiCommunicator& operator=(const MpiCommunicator&) = delete;

  /// The ranks of equal `color`, in the order of their ranks here; none for a negative color. All ranks call
  /// it together.
  std::unique_ptr<MpiCommunicator> split(int color) const;

  std::string backend() const override { return "mpi"; }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  bool moves(at::ScalarType type) const override { return mpi_type(type) != MPI_DATATYPE_NULL; }
  bool reduces(at::ScalarType type) const override { return MpiReductions::supports(type); }
  bool accepts(c10::Device device) const override { return device.is_cpu() || device.is_cuda(); }

  /// Elements that one MPI call takes at most. Tests make it small.
  static constexpr std::int64_t kMpiLimit = std::int64_t{1} << 30;

 private:
  MpiCommunicator(MPI_Comm communicator, std::int64_t limit);

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

  static constexpr int kPieceTag = kHighestTag + 1;  ///< of the parts of collectives
  /// Messages of at most limit_ elements each.
  void send_pieces(MpiWork& work, const at::Tensor& tensor, std::int64_t begin, std::int64_t count, int to,
                   int tag = kPieceTag) const;
  void receive_pieces(MpiWork& work, const at::Tensor& tensor, std::int64_t begin, std::int64_t count,
                      int from, int tag = kPieceTag) const;
  /// Every rank its part, this one included.
  void send_parts(MpiWork& work, const at::Tensor& input, const FullParts& parts) const;
  void receive_parts(MpiWork& work, const at::Tensor& output, const FullParts& parts) const;

  MPI_Comm communicator_;  ///< own duplicate, freed by the destructor
  std::int64_t limit_;
  int rank_ = 0;
  int size_ = 1;
  MpiReductions reductions_;
};

}  // namespace pagewright
