#include "core/base/status_line.hpp"

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace pagewright {
namespace {

constexpr std::string_view kEraseLine = "\r\033[K";

struct StatusLineState {
  std::mutex mutex;
  std::string bar;
};

StatusLineState& status_line_state() {
  static auto* state =
      new StatusLineState;  // Never destroyed: log lines may come from destructors of statics.
  return *state;
}

void write_to_standard_error(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

bool standard_error_is_terminal() noexcept {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

int terminal_columns() noexcept {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void draw_status_line(std::string_view text) noexcept try {
  auto& state = status_line_state();
  std::lock_guard lock(state.mutex);
  state.bar.assign(text);
  write_to_standard_error(std::string(kEraseLine) + state.bar);
} catch (...) {
}

void finish_status_line() noexcept try {
  auto& state = status_line_state();
  std::lock_guard lock(state.mutex);
  if (!state.bar.empty()) write_to_standard_error("\n");
  state.bar.clear();
} catch (...) {
}

void print_to_standard_error(std::string_view lines) noexcept try {
  auto& state = status_line_state();
  std::lock_guard lock(state.mutex);
  if (state.bar.empty()) return write_to_standard_error(lines);
  write_to_standard_error(std::string(kEraseLine).append(lines).append(state.bar));
} catch (...) {
}

}  // namespace pagewright
