#include "distributed/nccl/nccl_comm.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/nccl/nccl_call.hpp"

namespace pagewright {
namespace {

using NcclClock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kNcclSpin{200};  // asked without a pause so long, as operations are short
constexpr std::chrono::microseconds kNcclPause{50};  // between questions from then on
constexpr std::chrono::milliseconds kNcclFarewell{10'000};  // for peers that are ending too

/// Calls between its construction and end() are one group. A group that is left by an exception is closed.
class NcclGroup {
 public:
  NcclGroup() { check_nccl(ncclGroupStart(), "ncclGroupStart"); }
  ~NcclGroup() {
    if (open_) ncclGroupEnd();
  }
  NcclGroup(const NcclGroup&) = delete;
  NcclGroup& operator=(const NcclGroup&) = delete;

  void end() {
    open_ = false;
    check_nccl(ncclGroupEnd(), "ncclGroupEnd");
  }

 private:
  bool open_ = true;
};

}  // namespace

NcclComm::NcclComm(const ncclUniqueId& id, int rank, int size, std::chrono::milliseconds deadline)
    : deadline_(deadline), exceptions_at_start_(std::uncaught_exceptions()) {
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  const std::string operation = fmt::format("joining an NCCL group as rank {} of {}", rank, size);
  try {
    check_nccl(ncclCommInitRankConfig(&comm_, size, id, rank, &config), operation);
    wait_until(operation, [&] { return at_rest(operation); });
  } catch (...) {
    abort();
    throw;
  }
}

NcclComm::~NcclComm() {
  if (given_up()) return;
  deadline_ = std::min(deadline_, kNcclFarewell);
  try {
    require(std::uncaught_exceptions() <= exceptions_at_start_, "aborted, since an error ends this rank");
    const char* operation = "leaving an NCCL group";
    check_nccl(ncclCommFinalize(comm_), operation);
    wait_until(operation, [&] { return at_rest(operation); });
    check_nccl(ncclCommDestroy(std::exchange(comm_, nullptr)), operation);
  } catch (const std::exception& error) {
    log_warn("NCCL: {}", error.what());
    abort();
  }
}

void NcclComm::issue(std::string_view operation, const std::function<void(ncclComm_t)>& calls) {
  require_alive(operation);
  try {
    NcclGroup group;
    calls(comm_);
    group.end();
  } catch (const std::exception& error) {
    give_up(operation, error.what());
  }
  wait_until(operation, [&] { return at_rest(operation); });
}

bool NcclComm::finished(std::string_view operation, const CudaEvent& end) {
  require_alive(operation);
  at_rest(operation);
  return end.reached();
}

void NcclComm::wait(std::string_view operation, const CudaEvent& end) {
  wait_until(operation, [&] { return finished(operation, end); });
}

void NcclComm::require_alive(std::string_view operation) const {
  require(!given_up(), "{}: the NCCL group was given up after a failure: {}", operation, failure_);
}

bool NcclComm::at_rest(std::string_view operation) {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t asked = ncclCommGetAsyncError(comm_, &state);
  if (asked != ncclSuccess) state = asked;
  if (state != ncclSuccess && state != ncclInProgress) give_up(operation, nccl_words(state));
  return state == ncclSuccess;
}

void NcclComm::wait_until(std::string_view operation, const std::function<bool()>& ready) {
  const auto start = NcclClock::now();
  while (!ready()) {
    const auto waited = NcclClock::now() - start;
    if (waited > deadline_)
      give_up(operation, fmt::format("not finished within {} s: a rank has not joined it, or has failed",
                                     std::chrono::duration<double>(deadline_).count()));
    if (waited < kNcclSpin)
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(kNcclPause);
  }
}

void NcclComm::give_up(std::string_view operation, const std::string& reason) {
  failure_ = fmt::format("{}: {}", operation, reason);
  abort();
  throw Error(failure_);
}

void NcclComm::abort() noexcept {
  if (comm_ != nullptr && ncclCommAbort(std::exchange(comm_, nullptr)) != ncclSuccess)
    log_warn("an NCCL communicator could not be aborted");
}

}  // namespace pagewright
