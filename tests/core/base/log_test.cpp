#include "core/base/log.hpp"

#include <cstdio>
#include <regex>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "core/base/status_line.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

/// What is written to standard error while `action` runs.
template <class Action>
std::string standard_error_of(const test::TemporaryFolder& folder, Action&& action) {
  std::fflush(stderr);
  const int before = ::dup(STDERR_FILENO);
  const int file = ::open((folder / "stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(file, STDERR_FILENO);
  action();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(file);
  return read_file(folder / "stderr");
}

bool matches(const std::string& text, const std::string& pattern) {
  return std::regex_match(text, std::regex(pattern));
}

}  // namespace

TEST_CASE("log lines go to standard error with time, level and tag") {
  const test::TemporaryFolder folder;
  init_logging({});
  const std::string text = standard_error_of(folder, [] {
    log_debug("too {}", "fine");
    log_info("pages: {}", 3);
    log_warn(LogTag{"ppo"}, "KL is {:.1f}", 2.5);
    log_error("braces {} are not formatted twice", "{}");
  });
  INFO(text);
  CHECK(matches(text,
                "[0-9]{2}:[0-9]{2}:[0-9]{2} info pages: 3\n"
                "[0-9:]{8} warning ppo: KL is 2\\.5\n"
                "[0-9:]{8} error braces \\{\\} are not formatted twice\n"));
}

TEST_CASE("a level hides the lines below it") {
  init_logging({.level = LogLevel::warn, .file = {}});
  CHECK_FALSE(log_enabled(LogLevel::info));
  CHECK(log_enabled(LogLevel::warn));
  init_logging({.level = LogLevel::debug, .file = {}});
  CHECK(log_enabled(LogLevel::debug));
  init_logging({});
}

TEST_CASE("a rank above 0 is silent but for warnings, and writes all into its file") {
  const test::TemporaryFolder folder;
  init_logging({.level = LogLevel::info, .rank = 2, .size = 4, .file = folder / "rank-2.log"});
  const std::string text = standard_error_of(folder, [] {
    log_info("quiet");
    log_warn("loud");
  });
  const std::string file = read_file(folder / "rank-2.log");
  init_logging({});
  INFO(text);
  INFO(file);
  CHECK(matches(text, "[0-9:]{8} \\[rank 2\\] warning loud\n"));
  CHECK(matches(file,
                "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3} \\[rank 2\\] info quiet\n"
                "[^ ]+ \\[rank 2\\] warning loud\n"));
}

TEST_CASE("a log file is appended to") {
  const test::TemporaryFolder folder;
  for (int run = 0; run < 2; ++run) {
    init_logging({.file = folder / "log"});
    standard_error_of(folder, [&] { log_info("run {}", run); });
  }
  init_logging({});
  const std::string file = read_file(folder / "log");
  CHECK(test::contains(file, "info run 0\n"));
  CHECK(test::contains(file, "info run 1\n"));
}

TEST_CASE("a log file that cannot be written and a rank that does not exist are refused") {
  CHECK(test::error_text([] { init_logging({.file = "/nowhere/log"}); }) ==
        "cannot write the log '/nowhere/log': No such file or directory");
  CHECK(test::error_text([] { init_logging({.rank = 4, .size = 4, .file = {}}); }) ==
        "rank 4 of 4 does not exist");
}

TEST_CASE("a log line is printed above the progress bar") {
  const test::TemporaryFolder folder;
  const std::string text = standard_error_of(folder, [] {
    draw_status_line("bar 1");
    print_to_standard_error("line\n");
    draw_status_line("bar 2");
    finish_status_line();
    print_to_standard_error("after\n");
    finish_status_line();
  });
  CHECK(text == "\r\033[Kbar 1\r\033[Kline\nbar 1\r\033[Kbar 2\nafter\n");
}

}  // namespace pagewright
