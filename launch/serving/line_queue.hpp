#pragma once
// Lines that a thread of its own reads ahead, so that what arrives while a batch is at work makes the next
// one.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "launch/serving/line_input.hpp"

namespace pagewright {

/// Bounded: while the lines that wait are as many, or hold as many bytes, as given, nothing more is read, and
/// whoever writes to the process waits.
class LineQueue {
 public:
  /// References must outlive it.
  LineQueue(LineInput& input, StopSignal& stop, std::size_t most_lines, std::size_t most_bytes);
  /// Requests a stop and waits for the thread.
  ~LineQueue();
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  /// Waits until there is a line and takes all that have arrived, in order, but at most `most`. Empty at the
  /// end. Throws what reading failed with, after the lines before it.
  std::vector<InputLine> take(std::size_t most);

 private:
  void read();
  bool has_room(const InputLine& line) const;

  LineInput& input_;
  StopSignal& stop_;
  std::size_t most_lines_, most_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<InputLine> lines_;
  std::size_t bytes_ = 0;
  bool ended_ = false;      ///< nothing more comes
  bool abandoned_ = false;  ///< nobody takes any more
  std::exception_ptr error_;
  std::thread reader_;
};

}  // namespace pagewright
