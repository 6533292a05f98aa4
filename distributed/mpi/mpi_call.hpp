#pragma once
// Return codes of MPI as exceptions.

#include <string_view>

namespace pagewright {

/// Throws Error with MPI's own words for a code other than success. `what` names the operation.
void check_mpi(int code, std::string_view what);

}  // namespace pagewright
