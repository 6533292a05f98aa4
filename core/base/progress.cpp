#include "core/base/progress.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "core/base/status_line.hpp"
#include "core/base/unicode_width.hpp"

namespace pagewright {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kPlainLineSeconds = 30.0;

std::atomic<bool> progress_shown{true};

Progress::Display standard_error_display() {
  Progress::Display display;
  display.terminal = standard_error_is_terminal();
  display.columns = terminal_columns();
  display.seconds = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  display.redraw = draw_status_line;
  display.finish = finish_status_line;
  display.print_line = [](std::string_view line) { print_to_standard_error(std::string(line) + "\n"); };
  return display;
}

std::string rate_text(double rate) {
  if (rate >= 100) return fmt::format("{:.0f}/s", rate);
  if (rate >= 1) return fmt::format("{:.1f}/s", rate);
  return fmt::format("{:.1f} s each", 1 / rate);
}

std::string bar_text(double share, int columns) {
  const int filled = static_cast<int>(share * columns);
  return "[" + std::string(static_cast<std::size_t>(filled), '#') +
         std::string(static_cast<std::size_t>(columns - filled), '.') + "]";
}

}  // namespace

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "?";
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

Progress::Progress(std::string label, int64_t total) noexcept
    : Progress(std::move(label), total, standard_error_display()) {}

Progress::Progress(std::string label, int64_t total, Display display) noexcept
    : label_(std::move(label)), total_(total), display_(std::move(display)), shown_(progress_shown) {
  start_ = last_shown_ = display_.seconds();
}

Progress::~Progress() {
  try {
    show(true);
    if (shown_ && display_.terminal) display_.finish();
  } catch (...) {
  }
}

void Progress::set_shown(bool shown) noexcept {
  progress_shown = shown;
}

void Progress::advance(int64_t count, std::string_view note) noexcept try {
  std::lock_guard lock(mutex_);
  done_ += count;
  if (!note.empty()) note_.assign(note);
  show(false);
} catch (...) {
}

void Progress::show(bool last) {
  if (!shown_) return;
  const double now = display_.seconds();
  const double since = now - last_shown_;
  if (display_.terminal) {
    if (!last && since < kRedrawSeconds) return;
    display_.redraw(text(now - start_));
  } else {
    const int64_t tenths = total_ > 0 ? done_ * 10 / total_ : 0;
    const bool said = done_ == shown_done_;
    if (last ? said : tenths <= shown_tenths_ && since < kPlainLineSeconds) return;
    shown_done_ = done_;
    shown_tenths_ = std::max(tenths, shown_tenths_);
    display_.print_line(text(now - start_));
  }
  last_shown_ = now;
}

std::string Progress::text(double elapsed) const {
  const double rate = elapsed > 0 ? static_cast<double>(done_) / elapsed : 0;
  const std::string speed = done_ > 0 && elapsed > 0 ? ", " + rate_text(rate) : "";
  const std::string note = note_.empty() ? "" : ", " + note_;
  if (total_ <= 0) return fmt::format("{}: {}{}, {}{}", label_, done_, speed, duration_text(elapsed), note);
  const double share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  std::string time = duration_text(elapsed);
  if (done_ < total_ && rate > 0)
    time += fmt::format(", {} left", duration_text(static_cast<double>(total_ - done_) / rate));
  const std::string count = fmt::format("{:3.0f} % {}/{}", std::floor(share * 100), done_, total_);
  if (!display_.terminal) return fmt::format("{}: {}{}, {}{}", label_, count, speed, time, note);
  const std::string tail = fmt::format(" {}{}, {}{}", count, speed, time, note);
  const int room = display_.columns - 1 - display_width(label_) - 3 - display_width(tail);
  const std::string bar = room >= 5 ? bar_text(share, std::min(room, 30)) : "";
  return first_columns(fmt::format("{} {}{}", label_, bar, tail), display_.columns - 1);
}

}  // namespace pagewright
