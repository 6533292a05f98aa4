#include "launch/alarm_file.hpp"

#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

TEST_CASE("alarms survive the file, and what is no such file is named") {
  const test::TemporaryFolder folder;
  const auto file = folder.path() / "alarms.json";
  const AlarmRecord record{
      {{"judge", 20, "it \"fell\"", "raise it", true}, {"slots", 25, "short", "look", false}}, 21};
  write_alarms(file, record);
  CHECK(read_alarms(file).alarms == record.alarms);
  CHECK(read_alarms(file).stopped_after == 21);
  write_alarms(file, {});
  CHECK(read_alarms(file).alarms.empty());
  CHECK_FALSE(read_alarms(file).stopped_after);
  write_file_atomically(file, R"({"format": "pagewright-alarms", "version": 2, "alarms": []})");
  CHECK(test::contains(test::error_text([&] { read_alarms(file); }), "format version 2 is newer"));
  write_file_atomically(file, "{");
  CHECK(test::contains(test::error_text([&] { read_alarms(file); }), file.string()));
}

}  // namespace
}  // namespace pagewright
