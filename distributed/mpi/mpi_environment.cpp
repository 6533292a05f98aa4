#include "distributed/mpi/mpi_environment.hpp"

#include <exception>

#include <mpi.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/mpi/mpi_call.hpp"

namespace pagewright {

MpiEnvironment::MpiEnvironment() : exceptions_at_start_(std::uncaught_exceptions()) {
  int before = 0;
  check_mpi(MPI_Initialized(&before), "MPI_Initialized");
  require(before == 0, "MPI was started before in this process");
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  require(provided >= MPI_THREAD_FUNNELED, "this MPI library does not support programs with threads");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

MpiEnvironment::~MpiEnvironment() {
  if (std::uncaught_exceptions() > exceptions_at_start_) MPI_Abort(MPI_COMM_WORLD, 1);
  if (MPI_Finalize() != MPI_SUCCESS) log_warn("MPI did not end cleanly");
}

}  // namespace pagewright
