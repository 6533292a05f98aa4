#pragma once
// The life of MPI in this process.

namespace pagewright {

/// Starts MPI, and ends it when destroyed. One object a process, made by main (or a test's main) and alive as
/// long as any MpiCommunicator. Throws Error if MPI cannot start, was started before, or gives no support for
/// calls from the thread that made it.
class MpiEnvironment {
 public:
  MpiEnvironment();
  /// Ends MPI. If an exception is on its way out, it ends the whole job instead: other ranks would wait for
  /// ever.
  ~MpiEnvironment();
  MpiEnvironment(const MpiEnvironment&) = delete;
  MpiEnvironment& operator=(const MpiEnvironment&) = delete;

 private:
  int exceptions_at_start_ = 0;
};

}  // namespace pagewright
