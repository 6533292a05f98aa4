#include "rewards/terms/external/child_process.hpp"

#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.hpp"
#include "tests/rewards/terms/external/external_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Waits for a file that a program writes.
int number_in(const std::filesystem::path& file) {
  for (int i = 0; i < 2000; ++i, ::usleep(5000)) {
    if (!std::filesystem::exists(file)) continue;
    const std::string text = read_file(file);
    if (text.ends_with('\n')) return std::stoi(text);
  }
  return -1;
}

TEST_CASE("a program says how it ended") {
  CHECK(ChildProcess({"sh", "-c", "exit 7"}).end(10) == "exit code 7");
  CHECK(ChildProcess({"sh", "-c", "kill -9 $$"}).end(10) == "signal 9 (Killed)");
  CHECK(ChildProcess({"sleep", "100"}).end(0) == "killed");
}

TEST_CASE("a program ends with all that it started") {
  test::TemporaryFolder folder;
  const auto file = folder / "pid";
  int below = -1;
  {
    ChildProcess child({"sh", "-c", "sleep 1000 & echo $! > " + file.string() + "; cat > /dev/null"});
    below = number_in(file);
    REQUIRE(below > 0);
    CHECK(external_test::is_running(below));
  }
  CHECK(external_test::ends_within(below, 5));
}

TEST_CASE("a program does not outlive a process that is killed") {
  test::TemporaryFolder folder;
  const auto file = folder / "pid";
  const pid_t middle = ::fork();
  if (middle == 0) {
    const ChildProcess child({"sh", "-c", "echo $$ > " + file.string() + "; exec sleep 1000"});
    for (;;) ::pause();
  }
  const int program = number_in(file);
  REQUIRE(program > 0);
  CHECK(external_test::is_running(program));
  ::kill(middle, SIGKILL);
  ::waitpid(middle, nullptr, 0);
  CHECK(external_test::ends_within(program, 5));
}

TEST_CASE("a program has none of this process's files, and signals as they are by default") {
  test::TemporaryFolder folder;
  const int kept = ::open((folder / "open").c_str(), O_CREAT | O_WRONLY, 0600);  // without O_CLOEXEC
  REQUIRE(kept > 2);
  const auto handler = std::signal(SIGPIPE, SIG_IGN);
  ChildProcess child({"sh", "-c",
                      "ls /proc/self/fd | wc -w > " + (folder / "fds").string() +
                          "; grep SigIgn /proc/self/status > " + (folder / "ignored").string()});
  CHECK(child.end(10) == "exit code 0");
  std::signal(SIGPIPE, handler);
  ::close(kept);
  CHECK(std::stoi(read_file(folder / "fds")) == 4);  // one of them is ls's own
  const std::string ignored = read_file(folder / "ignored");
  CHECK((std::stoull(ignored.substr(ignored.find(':') + 1), nullptr, 16) & (1U << (SIGPIPE - 1))) == 0);
}

}  // namespace
}  // namespace pagewright
