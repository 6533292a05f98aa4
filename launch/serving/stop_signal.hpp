#pragma once
// SIGTERM as a wish: end after what was read.

#include <array>

namespace pagewright {

/// While it lives, the first SIGTERM only makes requested() true and fd() readable, for whoever waits for
/// input to stop waiting; a second one ends the process at once. There is at most one at a time.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// The same wish from within the process. Thread-safe.
  void request() noexcept;
  bool requested() const;
  /// Readable once it is requested; nobody reads from it.
  int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};  ///< of a pipe, reading and writing
};

}  // namespace pagewright
