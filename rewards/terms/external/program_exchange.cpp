#include "rewards/terms/external/program_exchange.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "rewards/terms/external/sigpipe_guard.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kProgramChunk = std::size_t{1} << 16;
constexpr std::size_t kLongestAnswer = std::size_t{1} << 20;
constexpr std::size_t kLastErrors = 4096;   // bytes kept
constexpr std::size_t kQuotedErrors = 600;  // bytes quoted
constexpr std::size_t kQuotedLines = 5;
constexpr double kDyingSeconds = 0.2;  // for a program that closed its pipes

/// The last lines of a text, one after the other in one line.
std::string tail_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char byte : text)
    if (byte == '\n')
      lines.emplace_back();
    else
      lines.back() += byte;
  std::erase(lines, "");
  std::string tail;
  for (std::size_t i = lines.size() - std::min(lines.size(), kQuotedLines); i < lines.size(); ++i)
    tail += (tail.empty() ? "" : " | ") + lines[i];
  return tail.substr(tail.size() - std::min(tail.size(), kQuotedErrors));
}

}  // namespace

ProgramExchange::ProgramExchange(std::vector<std::string> argv, double startup)
    : argv_(std::move(argv)), startup_(startup) {
  start();
}

void ProgramExchange::start() {
  output_.clear();
  errors_.clear();
  process_ = std::make_unique<ChildProcess>(argv_);
  fresh_ = true;
  ++starts_;
}

void ProgramExchange::exchange(std::string_view lines, AnswerBook& book, double deadline) {
  if (!process_) start();
  const double seconds = deadline + (fresh_ ? startup_ : 0);
  const auto until =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  try {
    talk(lines, book, until);
    fresh_ = false;
  } catch (const Error& error) {
    const std::string words = last_words();
    process_.reset();
    fail("{} gave {}{}", argv_[0], error.what(), words);
  }
}

void ProgramExchange::talk(std::string_view lines, AnswerBook& book, Clock::time_point until) {
  while (!book.settled() || !lines.empty()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    require(left > 0, "no answer for {} pages before the deadline", book.waiting());
    std::array<pollfd, 3> polled{};
    polled[0] = {lines.empty() ? -1 : process_->input().get(), POLLOUT, 0};
    polled[1] = {process_->output().get(), POLLIN, 0};
    polled[2] = {process_->errors().get(), POLLIN, 0};
    const int ready = ::poll(polled.data(), polled.size(), static_cast<int>(std::min<long>(left, 1000)));
    require(ready >= 0 || errno == EINTR, "no answers: poll: {}", std::strerror(errno));
    if (ready <= 0) continue;
    if (polled[2].revents != 0) drain_errors();
    if (polled[1].revents != 0 && !receive(book))
      fail("no answer for {} pages: it closed its output", book.waiting());
    if (polled[0].revents != 0) lines.remove_prefix(send(lines));
  }
}

std::size_t ProgramExchange::send(std::string_view lines) {
  const SigpipeGuard guard;
  const ssize_t sent = ::write(process_->input().get(), lines.data(), std::min(lines.size(), kProgramChunk));
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return 0;
  fail("no answers: it closed its input before it had read all pages");
}

bool ProgramExchange::receive(AnswerBook& book) {
  std::array<char, kProgramChunk> chunk;
  const ssize_t got = ::read(process_->output().get(), chunk.data(), chunk.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  output_.append(chunk.data(), static_cast<std::size_t>(got));
  std::size_t begin = 0;
  for (std::size_t end; (end = output_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string_view line = std::string_view(output_).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) book.take(line);
  }
  output_.erase(0, begin);
  require(output_.size() <= kLongestAnswer, "a line of more than {} bytes: {}", kLongestAnswer,
          quote_foreign(output_));
  return got > 0;
}

void ProgramExchange::drain_errors() {
  std::array<char, kProgramChunk> chunk;
  const ssize_t got = ::read(process_->errors().get(), chunk.data(), chunk.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    process_->errors().close();
    return;
  }
  errors_.append(chunk.data(), static_cast<std::size_t>(got));
  if (errors_.size() > kLastErrors) errors_.erase(0, errors_.size() - kLastErrors);
}

std::string ProgramExchange::last_words() {
  // One that closed a pipe is most likely about to end by itself.
  process_->input().close();
  const std::string end = process_->end(kDyingSeconds);
  for (int chunks = 0; chunks < 16 && process_->errors().open(); ++chunks) drain_errors();
  std::string text = end == "killed" ? "; it was killed" : "; it ended with " + end;
  if (const std::string tail = tail_of(errors_); !tail.empty())
    text += "; its last words on standard error: " + quote_foreign(tail, kQuotedErrors);
  return text;
}

}  // namespace pagewright
