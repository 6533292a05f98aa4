#include "distributed/mpi/mpi_work.hpp"

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/mpi/mpi_call.hpp"

namespace pagewright {

MpiWork::~MpiWork() {
  try {
    wait();
  } catch (const Error& error) {
    log_warn("{}", error.what());
  }
}

int* MpiWork::keep(std::vector<int> numbers) {
  return numbers_.emplace_back(std::move(numbers)).data();
}

bool MpiWork::done() {
  if (done_) return true;
  int finished = 0;
  check_mpi(MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &finished, MPI_STATUSES_IGNORE),
            operation_);
  done_ = finished != 0;
  return done_;
}

void MpiWork::wait() {
  if (done_) return;
  done_ = true;  // a second attempt could not do better
  check_mpi(MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
            operation_);
}

}  // namespace pagewright
