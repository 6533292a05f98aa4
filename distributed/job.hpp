#pragma once
// The processes that were started together.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "distributed/local_communicator.hpp"
#include "distributed/mpi/mpi_communicator.hpp"
#include "distributed/mpi/mpi_environment.hpp"

namespace pagewright {

/// Processes that a launcher says it started: mpirun (OMPI_COMM_WORLD_SIZE), mpiexec (PMI_SIZE) or srun
/// (SLURM_STEP_NUM_TASKS). 1 if there is none.
int launched_processes();

/// One object a process, made by main. MPI is started only if there are several processes, so that a process
/// by itself needs no launcher and starts at once.
class Job {
 public:
  /// Throws Error if the launcher started several processes but MPI sees another number.
  Job();

  int rank() const { return mpi_ ? mpi_->rank() : 0; }
  int size() const { return mpi_ ? mpi_->size() : 1; }
  Communicator& world();
  /// The ranks of equal `color`; none for a negative one. All ranks call it together.
  std::unique_ptr<Communicator> split(int color);
  /// Ranks of this job on this machine. All ranks call it together.
  int ranks_on_node();
  /// Number of this rank among those on its machine. All ranks call it together.
  int place_on_node();
  /// Name of the machine of every rank, [size]. All ranks call it together.
  std::vector<std::string> hosts();
  /// Ends all processes at once: other ranks may be waiting for this one.
  [[noreturn]] void abort(int code);

 private:
  std::optional<MpiEnvironment> environment_;
  std::unique_ptr<MpiCommunicator> mpi_;  ///< none for a process by itself
  LocalCommunicator alone_;
};

}  // namespace pagewright
