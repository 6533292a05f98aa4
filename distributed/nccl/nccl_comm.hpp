#pragma once
// NCCL's own communicator, which is given up when an operation fails or takes too long.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <nccl.h>

#include "distributed/cuda/cuda_stream.hpp"

namespace pagewright {

/// Owns an ncclComm_t that never blocks the calling thread by itself: NCCL's calls return at once, and this
/// class asks until they are through, have failed, or the deadline has passed. In the latter cases the
/// communicator is aborted, which ends its kernels on this device, and Error names the operation; every later
/// call throws Error. Used by one thread.
class NcclComm {
 public:
  /// All ranks make it together, with the same id, each with its device current. Throws Error if some rank
  /// does not come within the deadline.
  NcclComm(const ncclUniqueId& id, int rank, int size, std::chrono::milliseconds deadline);
  /// Ends the communicator in an orderly way, or aborts it if an exception is on its way out or a rank is
  /// lost.
  ~NcclComm();
  NcclComm(const NcclComm&) = delete;
  NcclComm& operator=(const NcclComm&) = delete;

  /// Runs `calls`, which enqueue, as one group, and returns when NCCL has put all of it into its streams: an
  /// event recorded afterwards lies behind the operation.
  void issue(std::string_view operation, const std::function<void(ncclComm_t)>& calls);
  /// Whether `end`, recorded behind an operation, is reached.
  bool finished(std::string_view operation, const CudaEvent& end);
  /// Returns when `end` is reached.
  void wait(std::string_view operation, const CudaEvent& end);

  /// Stops whatever is under way; all later calls fail.
  void abort() noexcept;
  bool given_up() const { return comm_ == nullptr; }

 private:
  void require_alive(std::string_view operation) const;
  /// Whether NCCL has nothing left to do on the host. Gives up if something has failed.
  bool at_rest(std::string_view operation);
  void wait_until(std::string_view operation, const std::function<bool()>& ready);
  /// Aborts, and throws Error with the operation and the reason.
  [[noreturn]] void give_up(std::string_view operation, const std::string& reason);

  ncclComm_t comm_ = nullptr;
  std::chrono::milliseconds deadline_;
  int exceptions_at_start_;
  std::string failure_;  ///< why it was given up
};

}  // namespace pagewright
