#pragma once
// Writing to a pipe or socket whose other end is gone must be an error, not the end of the process.

#include <csignal>

namespace pagewright {

/// Keeps SIGPIPE from this thread while it lives, and swallows one that came meanwhile. The rest of the
/// process keeps its own handling.
class SigpipeGuard {
 public:
  SigpipeGuard();
  ~SigpipeGuard();
  SigpipeGuard(const SigpipeGuard&) = delete;
  SigpipeGuard& operator=(const SigpipeGuard&) = delete;

 private:
  sigset_t before_;
  bool was_pending_ = false;
};

}  // namespace pagewright
