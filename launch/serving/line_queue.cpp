#include "launch/serving/line_queue.hpp"

#include <utility>

namespace pagewright {

LineQueue::LineQueue(LineInput& input, StopSignal& stop, std::size_t most_lines, std::size_t most_bytes)
    : input_(input), stop_(stop), most_lines_(most_lines), most_bytes_(most_bytes), reader_([this] {
        read();
      }) {}

LineQueue::~LineQueue() {
  {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  changed_.notify_all();
  stop_.request();
  reader_.join();
}

/// A line that is larger than all the room passes when it is alone.
bool LineQueue::has_room(const InputLine& line) const {
  return lines_.empty() || (lines_.size() < most_lines_ && bytes_ + line.text.size() <= most_bytes_);
}

void LineQueue::read() {
  std::exception_ptr error;
  try {
    InputLine line;
    while (input_.next(line)) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return abandoned_ || has_room(line); });
      if (abandoned_) return;
      bytes_ += line.text.size();
      lines_.push_back(std::move(line));
      lock.unlock();
      changed_.notify_all();
    }
  } catch (...) {
    error = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  error_ = error;
  ended_ = true;
  changed_.notify_all();
}

std::vector<InputLine> LineQueue::take(std::size_t most) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || !lines_.empty(); });
  if (lines_.empty() && error_) std::rethrow_exception(std::exchange(error_, nullptr));
  std::vector<InputLine> taken;
  while (!lines_.empty() && taken.size() < most) {
    bytes_ -= lines_.front().text.size();
    taken.push_back(std::move(lines_.front()));
    lines_.pop_front();
  }
  lock.unlock();
  changed_.notify_all();
  return taken;
}

}  // namespace pagewright
