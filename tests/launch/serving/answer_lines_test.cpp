#include "launch/serving/answer_lines.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "launch/serving/line_queue.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

using namespace pagewright;

namespace {

/// Gives `count` lines; counts how many were asked for.
class CountedLines final : public LineInput {
 public:
  CountedLines(std::int64_t count, std::size_t length, bool fails = false)
      : count_(count), length_(length), fails_(fails) {}
  bool next(InputLine& line) override {
    if (given_ == count_) {
      require(!fails_, "the source broke");
      return false;
    }
    line = {std::string(length_, 'x'), ++given_, {}};
    return true;
  }
  std::string name() const override { return "counted"; }
  std::int64_t given() const { return given_; }

 private:
  std::int64_t count_;
  std::size_t length_;
  bool fails_;
  std::atomic<std::int64_t> given_ = 0;
};

/// Answers a line by its number, every third one by a problem.
class NumberAnswerer final : public LineAnswerer {
 public:
  std::vector<LineAnswer> answer(std::span<const InputLine> lines) override {
    largest = std::max(largest, lines.size());
    std::vector<LineAnswer> answers;
    for (const InputLine& line : lines)
      answers.push_back(
          line.number % 3 == 0
              ? LineAnswer{{}, "bad \xff text"}
              : LineAnswer{{fmt::format("{}a", line.number), fmt::format("{}b", line.number)}, {}});
    return answers;
  }
  std::size_t largest = 0;
};

class OutputPipe {
 public:
  OutputPipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  ~OutputPipe() {
    for (const int end : ends_)
      if (end >= 0) ::close(end);
  }
  int writer() const { return ends_[1]; }
  void close_reader() {
    ::close(ends_[0]);
    ends_[0] = -1;
  }
  std::string take_all() {
    ::close(ends_[1]);
    ends_[1] = -1;
    std::string text;
    std::array<char, 4096> block{};
    for (ssize_t count = 0; (count = ::read(ends_[0], block.data(), block.size())) > 0;)
      text.append(block.data(), static_cast<std::size_t>(count));
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

}  // namespace

TEST_CASE("lines are answered in their order, at most a batch at once, bad ones by an error object") {
  StopSignal stop;
  CountedLines input(7, 1);
  NumberAnswerer answerer;
  OutputPipe output;
  const AnswerReport report = answer_lines(input, stop, answerer, 2, output.writer());
  CHECK(report.lines == 7);
  CHECK(report.bad == 2);
  CHECK(report.batches >= 4);
  CHECK(answerer.largest <= 2);
  CHECK(output.take_all() ==
        "1a\n1b\n2a\n2b\n{\"error\":\"bad \xef\xbf\xbd text\",\"line\":3}\n4a\n4b\n5a\n5b\n"
        "{\"error\":\"bad \xef\xbf\xbd text\",\"line\":6}\n7a\n7b\n");
}

TEST_CASE("a reader of the answers that went away is an error that says how far it got") {
  StopSignal stop;
  CountedLines input(100000, 10);
  NumberAnswerer answerer;
  OutputPipe output;
  output.close_reader();
  const std::string text = test::error_text([&] { answer_lines(input, stop, answerer, 4, output.writer()); });
  CHECK(test::contains(text, "went away after 0 answers"));
  CHECK(input.given() < 100);
}

TEST_CASE("what waits is bounded in lines and in bytes, and one line of any size passes") {
  StopSignal stop;
  const auto read_ahead = [&](std::size_t length, std::size_t most_lines, std::size_t most_bytes) {
    CountedLines input(1000, length);
    LineQueue queue(input, stop, most_lines, most_bytes);
    std::int64_t before = -1;
    // Until it stands still.
    while (before != input.given()) {
      before = input.given();
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
    }
    CHECK(queue.take(3).size() == std::min<std::size_t>(3, static_cast<std::size_t>(before) - 1));
    return before;
  };
  // One more line is in the reader's hands.
  CHECK(read_ahead(10, 8, 1 << 20) == 9);
  CHECK(read_ahead(10, 1000, 45) == 5);
  CHECK(read_ahead(100, 1000, 45) == 2);
}

TEST_CASE("what arrived before a failure of the input is given first") {
  StopSignal stop;
  CountedLines input(3, 1, /*fails=*/true);
  LineQueue queue(input, stop, 10, 1000);
  std::size_t taken = 0;
  const std::string text = test::error_text([&] {
    while (true) taken += queue.take(10).size();
  });
  CHECK(taken == 3);
  CHECK(test::contains(text, "the source broke"));
}

TEST_CASE("a lone line is taken at once, and what arrives meanwhile together") {
  StopSignal stop;
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const auto send = [&](const std::string& text) {
    REQUIRE(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  };
  const auto input = descriptor_lines(ends[0], "pipe", stop);
  {
    LineQueue queue(*input, stop, 100, 1000);
    send("a\n");
    CHECK(queue.take(16).size() == 1);
    send("b\nc\nd\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(queue.take(2).size() == 2);
    CHECK(queue.take(16).size() == 1);
  }
  for (const int end : ends) ::close(end);
}
