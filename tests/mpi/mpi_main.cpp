// Runs the same tests on all ranks of an MPI job. Rank 0 prints; another rank prints only if a test failed
// there. Skipped where all cases were, which is so on all ranks or on none.
#if !__has_include(<catch2/catch_all.hpp>)
#define CATCH_CONFIG_RUNNER
#endif
#include <iostream>
#include <sstream>

#include <mpi.h>

#include "distributed/mpi/mpi_environment.hpp"
#include "tests/support/case_counter.hpp"

int main(int argc, char** argv) {
  const pagewright::MpiEnvironment mpi;
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  std::ostringstream quiet;
  std::streambuf* const output = rank == 0 ? nullptr : std::cout.rdbuf(quiet.rdbuf());
  const int result = Catch::Session().run(argc, argv);
  if (output != nullptr) std::cout.rdbuf(output);
  if (result == 0) return pagewright::test::all_cases_skipped() ? pagewright::test::kSkipped : 0;
  if (rank != 0) std::cout << "rank " << rank << ":\n" << quiet.str();
  std::cout << std::flush;
  MPI_Abort(MPI_COMM_WORLD, result);  // the others may wait for this rank
}
