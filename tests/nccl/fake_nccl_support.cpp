#include "tests/nccl/fake_nccl_support.hpp"

#include <algorithm>

#include <cuda_runtime_api.h>

namespace pagewright::test {
namespace {

FakeNccl fake;  // the functions below are C's and get no context

ncclResult_t begin(const char* call) {
  fake.calls.emplace_back(call);
  fake.questions_left = fake.questions_in_progress;
  return fake.questions_left > 0 ? ncclInProgress : ncclSuccess;
}

}  // namespace

int FakeNccl::count(const std::string& call) const {
  return static_cast<int>(std::ranges::count(calls, call));
}

FakeNccl& reset_fake_nccl() {
  return fake = FakeNccl{};
}

}  // namespace pagewright::test

using pagewright::test::begin;
using pagewright::test::fake;

extern "C" {

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int, ncclUniqueId, int, ncclConfig_t* config) {
  *comm = reinterpret_cast<ncclComm_t>(&fake);
  return begin(config->blocking == 0 ? "init" : "init blocking");
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* state) {
  *state = fake.questions_left > 0 ? ncclInProgress : fake.state;
  if (fake.questions_left > 0) --fake.questions_left;
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  fake.calls.emplace_back("group start");
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  return begin("group end");
}

ncclResult_t ncclCommFinalize(ncclComm_t) {
  return begin("finalize");
}

ncclResult_t ncclCommDestroy(ncclComm_t) {
  return begin("destroy");
}

ncclResult_t ncclCommAbort(ncclComm_t) {
  fake.calls.emplace_back("abort");
  return ncclSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int) {
  *event = reinterpret_cast<cudaEvent_t>(&fake);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t) {
  return fake.event_reached ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventDestroy(cudaEvent_t) {
  return cudaSuccess;
}

}  // extern "C"
