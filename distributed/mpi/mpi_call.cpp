#include "distributed/mpi/mpi_call.hpp"

#include <string>

#include <mpi.h>

#include "core/base/error.hpp"

namespace pagewright {

void check_mpi(int code, std::string_view what) {
  if (code == MPI_SUCCESS) return;
  char words[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (MPI_Error_string(code, words, &length) != MPI_SUCCESS) length = 0;
  fail("{}: {}", what,
       length > 0 ? std::string(words, static_cast<std::size_t>(length)) : "unknown MPI error");
}

}  // namespace pagewright
