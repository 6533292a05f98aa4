#include "distributed/job.hpp"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

#include "core/base/error.hpp"
#include "distributed/agreement.hpp"

namespace pagewright {

int launched_processes() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"})
    if (const char* text = std::getenv(name)) return std::max(1, std::atoi(text));
  return 1;
}

Job::Job() {
  const int started = launched_processes();
  if (started == 1) return;
  environment_.emplace();
  mpi_ = MpiCommunicator::world();
  require(mpi_->size() == started,
          "the launcher started {} processes, but MPI sees {}: start with the mpirun of the MPI library that "
          "Pagewright was built with, under Slurm with `srun --mpi=pmix`",
          started, mpi_->size());
}

Communicator& Job::world() {
  return mpi_ ? static_cast<Communicator&>(*mpi_) : alone_;
}

std::unique_ptr<Communicator> Job::split(int color) {
  if (mpi_) return mpi_->split(color);
  return color < 0 ? nullptr : std::make_unique<LocalCommunicator>();
}

std::vector<std::string> Job::hosts() {
  char name[256] = {};
  if (::gethostname(name, sizeof(name) - 1) != 0) name[0] = '?';
  return all_gather_bytes(world(), name);
}

int Job::ranks_on_node() {
  const std::vector<std::string> all = hosts();
  return static_cast<int>(std::ranges::count(all, all[static_cast<std::size_t>(rank())]));
}

int Job::place_on_node() {
  const std::vector<std::string> all = hosts();
  return static_cast<int>(
      std::count(all.begin(), all.begin() + rank(), all[static_cast<std::size_t>(rank())]));
}

void Job::abort(int code) {
  if (mpi_) MPI_Abort(MPI_COMM_WORLD, code);
  std::_Exit(code);
}

}  // namespace pagewright
