#include "launch/serving/line_input.hpp"

#include <array>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pagewright;

namespace {

/// Both ends of a pipe.
class TestPipe {
 public:
  TestPipe() { REQUIRE(::pipe(ends_.data()) == 0); }
  ~TestPipe() {
    ::close(ends_[0]);
    close_writer();
  }
  int reader() const { return ends_[0]; }
  void write(std::string_view text) {
    REQUIRE(::write(ends_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void close_writer() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

std::vector<std::string> all_texts(LineInput& input) {
  std::vector<std::string> texts;
  InputLine line;
  while (input.next(line)) texts.push_back(line.text);
  return texts;
}

std::vector<std::string> texts_of_file(const std::string& name, const std::string& content) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / name) << content;
  StopSignal stop;
  return all_texts(*open_line_input(folder.path() / name, stop));
}

}  // namespace

TEST_CASE("lines of a descriptor come as soon as they are there, blank ones are counted and left out") {
  StopSignal stop;
  TestPipe pipe;
  const auto input = descriptor_lines(pipe.reader(), "pipe", stop);
  InputLine line;
  pipe.write(
      "\xef\xbb\xbf"
      "first\r\n\n  \nsecond\nthi");
  REQUIRE(input->next(line));
  CHECK(line.text == "first\r");
  CHECK(line.number == 1);
  REQUIRE(input->next(line));
  CHECK(line.text == "second");
  CHECK(line.number == 4);
  pipe.write("rd");
  pipe.close_writer();
  REQUIRE(input->next(line));
  CHECK(line.text == "third");
  CHECK(line.number == 5);
  CHECK_FALSE(input->next(line));
}

TEST_CASE("a line beyond the bound is a problem of that line and takes no memory") {
  StopSignal stop;
  TestPipe pipe;
  const auto input = descriptor_lines(pipe.reader(), "pipe", stop, 10);
  pipe.write(std::string(5000, 'x') + "\n0123456789\n" + std::string(11, 'y') + "\nlast\n" +
             std::string(50, 'z'));
  pipe.close_writer();
  std::vector<std::string> texts;
  InputLine line;
  while (input->next(line)) texts.push_back(line.problem.empty() ? line.text : line.problem);
  CHECK(texts == std::vector<std::string>{"the line is longer than 10 bytes", "0123456789",
                                          "the line is longer than 10 bytes", "last",
                                          "the line is longer than 10 bytes"});
}

TEST_CASE("SIGTERM ends the waiting for input, drops a half line and keeps whole ones") {
  StopSignal stop;
  CHECK_FALSE(stop.requested());
  TestPipe pipe;
  const auto input = descriptor_lines(pipe.reader(), "pipe", stop);
  pipe.write("one\ntwo\nhal");
  InputLine line;
  REQUIRE(input->next(line));
  std::thread killer([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ::kill(::getpid(), SIGTERM);
  });
  REQUIRE(input->next(line));
  CHECK(line.text == "two");
  CHECK_FALSE(input->next(line));
  killer.join();
  CHECK(stop.requested());
}

TEST_CASE("a file is JSON Lines, or one document over several lines, an object or a list") {
  using Texts = std::vector<std::string>;
  CHECK(texts_of_file("lines.jsonl", "{\"a\": 1}\n{\"b\": [2]}\n") == Texts{"{\"a\": 1}", "{\"b\": [2]}"});
  CHECK(texts_of_file("broken.jsonl", "{\"a\": 1\n{\"b\": 2}\n") == Texts{"{\"a\": 1", "{\"b\": 2}"});
  CHECK(texts_of_file("object.json", "\n{\n  \"a\": 1,\n  \"b\": {}\n}\n") == Texts{"{\"a\":1,\"b\":{}}"});
  CHECK(texts_of_file("list.json", "[{\"a\": 0.1},\n {\"b\": 2}]") == Texts{"{\"a\":0.1}", "{\"b\":2}"});
  CHECK(texts_of_file("one-line.json", "[{\"a\": 1}, {\"b\": 2}]\n") == Texts{"{\"a\":1}", "{\"b\":2}"});
  CHECK(texts_of_file("empty.json", "") == Texts{});
  CHECK(texts_of_file("none.json", "[]") == Texts{});
}

TEST_CASE("a file that cannot be read is named") {
  const test::TemporaryFolder folder;
  StopSignal stop;
  const auto missing = folder.path() / "missing.json";
  CHECK(test::contains(test::error_text([&] { open_line_input(missing, stop); }), missing.string()));
  CHECK(test::contains(test::error_text([&] { open_line_input(folder.path(), stop); }), "a folder"));
  const auto broken = folder.path() / "broken.json";
  std::ofstream(broken) << "{\n  \"a\": \n";
  const std::string text = test::error_text([&] { open_line_input(broken, stop); });
  CHECK(test::contains(text, broken.string()));
  CHECK(test::contains(text, "not valid JSON"));
}
