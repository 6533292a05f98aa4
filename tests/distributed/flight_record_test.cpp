#include "distributed/failure/flight_record.hpp"

#include <csignal>
#include <cstring>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace pagewright;

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1000 * kSecond;

FlightEntry learner(int rank, std::int64_t sequence, bool waiting) {
  FlightEntry entry;
  entry.rank = rank;
  entry.size = 3;
  entry.iteration = 41;
  entry.heartbeat = kNow;
  std::strcpy(entry.host, "node7");
  std::strcpy(entry.name, ("learner " + std::to_string(rank)).c_str());
  FlightOperation& operation = entry.operations[0];
  operation.sequence = sequence;
  operation.waiting_since = waiting ? kNow - 30 * kSecond : 0;
  std::strcpy(operation.name, "all_to_all");
  return entry;
}

}  // namespace

TEST_CASE("a flight record is whole after its process was killed") {
  const test::TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    FlightRecord record(folder.path(), 2, 3, "learner 2");
    record.set_iteration(41);
    record.started(FlightGroup::learners, 1283, "reduce_scatter");
    record.waiting(FlightGroup::learners);
    ::raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const auto records = read_flight_records(folder.path());
  REQUIRE(records.size() == 1);
  CHECK(records[0].rank == 2);
  CHECK(std::string(records[0].name) == "learner 2");
  CHECK(records[0].process == child);
  CHECK(records[0].iteration == 41);
  CHECK(records[0].operations[0].sequence == 1283);
  CHECK(records[0].operations[0].waiting_since != 0);
  CHECK(records[0].state == FlightState::running);
}

TEST_CASE("a rank that was killed is named, with the operation that it never joined") {
  std::vector<FlightEntry> records{learner(0, 1283, true), learner(1, 1283, true), learner(2, 1282, false)};
  records[0].terminated = records[1].terminated = 1;
  CHECK(
      diagnose(records, kNow, 0, true) ==
      "learner 2 (rank 2 on node7) was killed in iteration 41; it never joined all_to_all 1283 of iteration "
      "41, for which learner 0 waited");
}

TEST_CASE("of several ranks that were cut off the one whose heart stopped first is named") {
  std::vector<FlightEntry> records{learner(0, 1283, true), learner(1, 1282, false), learner(2, 1283, true)};
  records[1].heartbeat = kNow - kSecond;
  records[2].terminated = 1;
  CHECK(test::contains(diagnose(records, kNow, 0, true).value_or(""),
                       "learner 1 (rank 1 on node7) was killed in iteration 41"));
}

TEST_CASE("a rank that has stopped is named while the others wait, after the deadline and not before") {
  std::vector<FlightEntry> records{learner(0, 1283, true), learner(1, 1282, false), learner(2, 1283, true)};
  records[1].heartbeat = kNow - 20 * kSecond;
  CHECK_FALSE(diagnose(records, kNow, 40 * kSecond, false).has_value());
  CHECK(
      test::contains(diagnose(records, kNow, 15 * kSecond, false).value_or(""),
                     "learner 1 (rank 1 on node7) has not been heard of for 15 s, in iteration 41; it never "
                     "joined all_to_all 1283"));
}

TEST_CASE("a rank that is alive but late is a straggler, and no reason to end the job") {
  const std::vector<FlightEntry> records{learner(0, 1283, true), learner(1, 1282, false)};
  CHECK_FALSE(find_late(records, kNow, 60 * kSecond).has_value());
  CHECK(test::contains(find_late(records, kNow, 10 * kSecond).value_or(""), "learner 1"));
  CHECK_FALSE(diagnose(records, kNow, 10 * kSecond, false).has_value());
  CHECK_FALSE(find_late({learner(0, 1283, true), learner(1, 1283, true)}, kNow, 10 * kSecond));
}

TEST_CASE("a rank that failed speaks for itself, and a job that ended well has nobody to blame") {
  std::vector<FlightEntry> records{learner(0, 3, true), learner(1, 2, false)};
  records[1].state = FlightState::failed;
  std::strcpy(records[1].message, "the disk is full");
  CHECK(diagnose(records, kNow, 0, true) == "learner 1 failed in iteration 41: the disk is full");
  for (FlightEntry& entry : records) entry.state = FlightState::finished;
  CHECK_FALSE(diagnose(records, kNow, 0, true).has_value());
}
