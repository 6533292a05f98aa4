#include "rewards/terms/external/child_process.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace pagewright {

namespace {

struct PipeEnds {
  OwnedFd read, write;
};

PipeEnds make_pipe() {
  int ends[2];
  require(::pipe2(ends, O_CLOEXEC) == 0, "cannot make a pipe: {}", std::strerror(errno));
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

void set_nonblocking(const OwnedFd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

/// No file but the three standard ones stays open after exec.
void close_others_at_exec() {
#ifdef SYS_close_range
  constexpr unsigned kCloseOnExec = 4;
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec) == 0) return;
#endif
  for (int fd = 3; fd < 4096; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/// Between fork and exec: only what a signal handler may call. Tells its trouble through `report`.
[[noreturn]] void become_program(char* const* argv, int in, int out, int err, int report, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  // The pipes may have numbers below 3, if this process was started without standard files.
  const int safe_report = ::fcntl(report, F_DUPFD_CLOEXEC, 10);
  const int from[3] = {::fcntl(in, F_DUPFD, 10), ::fcntl(out, F_DUPFD, 10), ::fcntl(err, F_DUPFD, 10)};
  const auto give_up = [safe_report] {
    const int problem = errno;
    const ssize_t ignored = ::write(safe_report, &problem, sizeof(problem));
    ::_exit(ignored > 0 ? 127 : 126);
  };
  for (int fd = 0; fd < 3; ++fd)
    if (::dup2(from[fd], fd) < 0) give_up();
  close_others_at_exec();
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGUSR1, SIGXFSZ, SIGCHLD}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(argv[0], argv);
  give_up();
  ::_exit(126);
}

/// Whether a child has ended. It stays a zombie, so that its group's number is not given to others before the
/// group is killed.
bool child_has_ended(pid_t pid, siginfo_t& info) {
  info.si_pid = 0;
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == pid;
}

std::string end_in_words(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return fmt::format("exit code {}", info.si_status);
  return fmt::format("signal {} ({})", info.si_status, ::strsignal(info.si_status));
}

}  // namespace

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = other.release();
  return *this;
}

void OwnedFd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

int OwnedFd::release() {
  return std::exchange(fd_, -1);
}

ChildProcess::ChildProcess(const std::vector<std::string>& argv) {
  require(!argv.empty(), "a program without a name");
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  PipeEnds in = make_pipe(), out = make_pipe(), err = make_pipe(), report = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  require(pid_ >= 0, "cannot start {}: {}", argv[0], std::strerror(errno));
  if (pid_ == 0)
    become_program(arguments.data(), in.read.get(), out.write.get(), err.write.get(), report.write.get(),
                   parent);
  ::setpgid(pid_, pid_);  // whoever of the two comes first
  input_ = std::move(in.write);
  output_ = std::move(out.read);
  errors_ = std::move(err.read);
  for (OwnedFd* fd : {&input_, &output_, &errors_}) set_nonblocking(*fd);
  report.write.close();
  int problem = 0;
  ssize_t got = 0;
  do got = ::read(report.read.get(), &problem, sizeof(problem));
  while (got < 0 && errno == EINTR);
  if (got != sizeof(problem)) return;
  end(0);
  fail("cannot start {}: {}", argv[0], std::strerror(problem));
}

ChildProcess::~ChildProcess() {
  input_.close();
  end(kEndGrace);
}

bool ChildProcess::ended() const {
  siginfo_t info{};
  return pid_ < 0 || child_has_ended(pid_, info);
}

std::string ChildProcess::end(double grace) {
  if (pid_ < 0) return ended_;
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(grace);
  siginfo_t info{};
  bool by_itself = child_has_ended(pid_, info);
  while (!by_itself && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    by_itself = child_has_ended(pid_, info);
  }
  ended_ = by_itself ? end_in_words(info) : "killed";
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return ended_;
}

}  // namespace pagewright
