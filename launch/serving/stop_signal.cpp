#include "launch/serving/stop_signal.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

std::atomic<int> stop_signal_end{-1};  // what the handler writes to

void write_stop_byte(int end) noexcept {
  const int saved = errno;
  // A full pipe says the same.
  [[maybe_unused]] const auto written = ::write(end, "s", 1);
  errno = saved;
}

void handle_stop_signal(int) {
  if (const int end = stop_signal_end; end >= 0) write_stop_byte(end);
}

}  // namespace

StopSignal::StopSignal() {
  require(stop_signal_end < 0, "two parts of the process want to hear SIGTERM");
  require(::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) == 0, "cannot make a pipe: {}", std::strerror(errno));
  stop_signal_end = ends_[1];
  struct sigaction action {};
  action.sa_handler = handle_stop_signal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGTERM, &action, nullptr);
}

StopSignal::~StopSignal() {
  std::signal(SIGTERM, SIG_DFL);
  stop_signal_end = -1;
  for (const int end : ends_) ::close(end);
}

void StopSignal::request() noexcept {
  write_stop_byte(ends_[1]);
}

bool StopSignal::requested() const {
  pollfd wait{ends_[0], POLLIN, 0};
  return ::poll(&wait, 1, 0) > 0;
}

}  // namespace pagewright
