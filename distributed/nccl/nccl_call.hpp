#pragma once
// Return codes of NCCL as exceptions.

#include <string>
#include <string_view>

#include <nccl.h>

namespace pagewright {

/// NCCL's words for a code, with what it says about its newest failure, and its version.
std::string nccl_words(ncclResult_t code);

/// Throws Error for a code other than success and "in progress". `what` names the operation.
void check_nccl(ncclResult_t code, std::string_view what);

}  // namespace pagewright
