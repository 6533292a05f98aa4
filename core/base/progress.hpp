#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace pagewright {

/// Progress of a long piece of work on standard error: on a terminal a bar with rate and remaining time,
/// elsewhere (a batch log) plain lines, one at every tenth of the way and at least one every 30 s. The
/// destructor ends the line. Safe from any thread; nothing here throws.
class Progress {
 public:
  /// What progress is written to; the tests replace it.
  struct Display {
    bool terminal = false;
    int columns = 80;
    std::function<double()> seconds;                   ///< a steady clock
    std::function<void(std::string_view)> redraw;      ///< the bar, on a terminal
    std::function<void()> finish;                      ///< end of the bar
    std::function<void(std::string_view)> print_line;  ///< plain line, without line break
  };

  /// `total` of 0 or less: unknown, only count and rate are shown.
  Progress(std::string label, int64_t total) noexcept;
  Progress(std::string label, int64_t total, Display display) noexcept;
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `count` more pieces are done; `note` (such as a loss) replaces the former note unless it is empty.
  void advance(int64_t count = 1, std::string_view note = {}) noexcept;

  /// Whether progress is shown at all (not on ranks other than 0).
  static void set_shown(bool shown) noexcept;

 private:
  void show(bool last);
  std::string text(double elapsed) const;

  std::string label_;
  int64_t total_;
  Display display_;
  std::mutex mutex_;
  int64_t done_ = 0;
  std::string note_;
  double start_ = 0;
  double last_shown_ = 0;
  int64_t shown_tenths_ = 0;
  int64_t shown_done_ = -1;
  bool shown_;
};

/// "850 ms", "12 s", "3 min 05 s", "2 h 10 min".
std::string duration_text(double seconds);

}  // namespace pagewright
