#include "distributed/nccl/nccl_call.hpp"

#include "core/base/error.hpp"

namespace pagewright {

std::string nccl_words(ncclResult_t code) {
  const char* details = ncclGetLastError(nullptr);
  int version = 0;
  ncclGetVersion(&version);
  return fmt::format("{}{}{} (NCCL {}.{}.{})", ncclGetErrorString(code),
                     details == nullptr || *details == '\0' ? "" : "; ", details == nullptr ? "" : details,
                     version / 10000, version / 100 % 100, version % 100);
}

void check_nccl(ncclResult_t code, std::string_view what) {
  if (code != ncclSuccess && code != ncclInProgress) fail("{}: {}", what, nccl_words(code));
}

}  // namespace pagewright
