#pragma once
// A program of the user's as a child process, with pipes to its standard input, output and error.

#include <string>
#include <vector>

#include <sys/types.h>

namespace pagewright {

/// A file descriptor that closes itself.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept : fd_(other.release()) {}
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd() { close(); }
  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();
  int release();

 private:
  int fd_ = -1;
};

/// Runs in a process group of its own, so that it ends with all that it started. If this process dies
/// without a word, the kernel kills the program, and what the program started finds its input closed. No file
/// of this process is open in it.
class ChildProcess {
 public:
  /// `argv[0]` is looked for in PATH. Throws Error if it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& argv);
  /// Closes its input, gives it kEndGrace to end, and kills what is left.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  static constexpr double kEndGrace = 1.0;  ///< seconds

  // This process's ends of the pipes; reading and writing never waits.
  OwnedFd& input() { return input_; }
  OwnedFd& output() { return output_; }
  OwnedFd& errors() { return errors_; }
  pid_t pid() const { return pid_; }
  /// Whether it has ended by itself; end() then says how.
  bool ended() const;

  /// Waits up to `grace` seconds for its end, then kills the group and reaps it. Says how it ended: "exit
  /// code 3", "signal 9 (Killed)", or "killed" if it did not end by itself.
  std::string end(double grace);

 private:
  OwnedFd input_, output_, errors_;
  pid_t pid_ = -1;
  std::string ended_;
};

}  // namespace pagewright
