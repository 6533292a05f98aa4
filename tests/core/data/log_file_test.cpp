#include "core/data/log_file.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include <sys/resource.h>

#include "core/base/error.hpp"
#include "core/data/hdf5.hpp"
#include "core/data/log_columns.hpp"
#include "tests/core/data/data_support.hpp"
#include "tests/core/data/log_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

const LogOrigin kLogTestOrigin{"a test", "all train"};

/// A part with the root attributes given, and the columns of a small log.
void write_log_part(const std::filesystem::path& path, const std::string& format, std::int64_t version) {
  LogColumns columns;
  const auto log = version_1_log();
  for (const auto& request : log.requests) columns.add(request);
  for (const auto& page : log.pages) columns.add(page);
  auto file = Hdf5File::create(path);
  file.set_attribute("format", format);
  file.set_attribute("format_version", version);
  file.set_attribute("created_by", "pagewright 9.9");
  file.set_attribute("source", "");
  file.set_attribute("split", "");
  columns.write(file);
  file.close();
}

TEST_CASE("any log comes back equal, from one part or from many") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const DataTestFolder folder;
    const auto log = random_test_log(seed, 1 + static_cast<int>(seed) * 3);
    write_log(folder.path() / "log", log, kLogTestOrigin);
    CHECK(load_log(folder.path() / "log") == log);

    LogWriter writer(folder.path() / "parts", kLogTestOrigin);
    std::size_t page = 0;
    for (std::size_t i = 0; i < log.requests.size(); ++i) {
      CHECK(writer.add(log.requests[i]) == static_cast<std::int64_t>(i));
      for (; page < log.pages.size() && log.pages[page].request == static_cast<std::int64_t>(i); ++page)
        writer.add(log.pages[page]);
      if (i % 8 == 7) writer.finish_part();
    }
    writer.commit();
    CHECK(load_log(folder.path() / "parts") == log);
    CHECK(LogReader(folder.path() / "parts").parts().size() == (log.requests.size() + 7) / 8);
  }
}

/// The part of `log` whose users are `users`.
FeedbackLog log_of_users(const FeedbackLog& log, const std::set<std::string>& users) {
  FeedbackLog part;
  std::map<std::int64_t, std::int64_t> row;
  for (std::size_t i = 0; i < log.requests.size(); ++i) {
    if (!users.contains(log.requests[i].request.user)) continue;
    row[static_cast<std::int64_t>(i)] = static_cast<std::int64_t>(part.requests.size());
    part.requests.push_back(log.requests[i]);
  }
  for (LoggedPage page : log.pages)
    if (const auto found = row.find(page.request); found != row.end()) {
      page.request = found->second;
      part.pages.push_back(std::move(page));
    }
  return part;
}

TEST_CASE(
    "a selection of a log is whole users with at most so many pages, and a larger one holds a smaller one") {
  const DataTestFolder folder;
  FeedbackLog log = random_test_log(3, 60);
  for (std::size_t i = 0; i < log.requests.size(); ++i)
    log.requests[i].request.user = "user " + std::to_string(i / 3);
  LogWriter writer(folder.path() / "log", kLogTestOrigin);
  std::size_t page = 0;
  for (std::size_t i = 0; i < log.requests.size(); ++i) {
    writer.add(log.requests[i]);
    for (; page < log.pages.size() && log.pages[page].request == static_cast<std::int64_t>(i); ++page)
      writer.add(log.pages[page]);
    if (i % 7 == 6) writer.finish_part();
  }
  writer.commit();

  std::set<std::string> before;
  const auto pages = static_cast<std::int64_t>(log.pages.size());
  for (std::int64_t wanted = pages / 5; wanted <= pages; wanted += pages / 5) {
    const FeedbackLog part = load_log(folder.path() / "log", {wanted, 7});
    std::set<std::string> users;
    for (const LoggedRequest& request : part.requests) users.insert(request.request.user);
    CHECK(part == log_of_users(log, users));
    CHECK(static_cast<std::int64_t>(part.pages.size()) <= wanted);
    CHECK(static_cast<std::int64_t>(part.pages.size()) > wanted - pages / 5);
    CHECK(std::includes(users.begin(), users.end(), before.begin(), before.end()));
    before = users;
  }
  CHECK(load_log(folder.path() / "log", {pages, 7}) == log);
  CHECK(load_log(folder.path() / "log", {pages / 2, 7}) == load_log(folder.path() / "log", {pages / 2, 7}));
  CHECK_FALSE(load_log(folder.path() / "log", {pages / 2, 7}) ==
              load_log(folder.path() / "log", {pages / 2, 8}));
}

TEST_CASE("a selection that is smaller than its first user is refused") {
  const DataTestFolder folder;
  FeedbackLog log = random_test_log(3, 6);
  for (LoggedRequest& request : log.requests) request.request.user = "one";
  REQUIRE(log.pages.size() >= 2);
  const auto path = folder.path() / "log";
  write_log(path, log, kLogTestOrigin);
  CHECK(missing_from_error([&] { load_log(path, {1, 1}); }, {path.string(), "the first user alone"}) == "");
}

TEST_CASE("appending adds parts and leaves the first ones alone") {
  const DataTestFolder folder;
  const auto path = folder.path() / "log";
  auto first = random_test_log(1, 5);
  const auto second = random_test_log(2, 7);
  write_log(path, first, kLogTestOrigin);
  CHECK(missing_from_error([&] { write_log(path, second, kLogTestOrigin); },
                           {"holds a log already", "--append"}) == "");
  CHECK(load_log(path) == first);
  write_log(path, second, {"another test", "all test"}, true);
  LogReader reader(path);
  FeedbackLog part;
  REQUIRE(reader.next(part));
  CHECK(part == first);
  CHECK(reader.origin() == kLogTestOrigin);
  REQUIRE(reader.next(part));
  CHECK(part == second);
  CHECK(reader.origin() == LogOrigin{"another test", "all test"});
  CHECK_FALSE(reader.next(part));
  write_log(path, first, kLogTestOrigin, true);
  CHECK(missing_from_error([&] { load_log(path); }, {"occurs twice"}) == "");
}

TEST_CASE("a writer that is not committed leaves nothing, and commit needs a page") {
  const DataTestFolder folder;
  const auto path = folder.path() / "deep" / "log";
  {
    LogWriter writer(path, kLogTestOrigin);
    writer.add(version_1_log().requests[0]);
    writer.finish_part();
  }
  CHECK_FALSE(std::filesystem::exists(path));
  const auto log = version_1_log();
  write_log(path, log, kLogTestOrigin);
  CHECK(missing_from_error(
            [&] {
              LogWriter writer(path, kLogTestOrigin, true);
              writer.add(log.requests[0]);
              writer.commit();
            },
            {"not one usable page"}) == "");
  CHECK(load_log(path) == log);
  CHECK(std::distance(std::filesystem::directory_iterator(path), {}) == 1);
}

TEST_CASE("a part is of the oldest format version that has its events") {
  const DataTestFolder folder;
  FeedbackLog log = version_1_log();
  const auto version_of = [&](const char* name) {
    LogWriter writer(folder.path() / name, kLogTestOrigin);
    for (const auto& request : log.requests) writer.add(request);
    for (const auto& page : log.pages) writer.add(page);
    writer.commit();
    CHECK(load_log(folder.path() / name) == log);
    return Hdf5File::open(folder.path() / name / "part-00000.h5").int_attribute("format_version");
  };
  CHECK(version_of("plain") == 1);
  log.pages[0].events.push_back({EventKind::dismiss, 0, 1700000070, std::nullopt, 1});
  log.pages[0].events.push_back({EventKind::purchase_return, 1, 1700000080, std::nullopt, 2});
  CHECK(version_of("dismissed") == 2);
  CHECK(slot_feedback(log.pages[0])[0].dismissals == 1);
  CHECK(slot_feedback(log.pages[0])[1].returns == 2);
}

TEST_CASE("a folder with other things in it is not written to") {
  const DataTestFolder folder;
  write_text_file(folder.path() / "thesis.txt", "precious");
  CHECK(missing_from_error([&] { LogWriter writer(folder.path(), kLogTestOrigin, true); },
                           {"thesis.txt", "no part of a log"}) == "");
}

TEST_CASE("what does not fit is refused by the writer with the reason") {
  const DataTestFolder folder;
  const auto log = version_1_log();
  LogWriter writer(folder.path() / "log", kLogTestOrigin);
  writer.add(log.requests[0]);
  const auto refused = [&](const std::string& reason, auto change) {
    auto page = log.pages[0];
    change(page);
    CHECK(missing_from_error([&] { writer.add(page); }, {"page 'p1'", reason}) == "");
  };
  refused("which is not in this part", [](auto& page) { page.request = 1; });
  refused("holds candidate 4, but the request has 4", [](auto& page) { page.page.sections[0].items[0] = 4; });
  refused("the page has 3 slots but 2 slot propensities",
          [](auto& page) { page.slot_propensities.pop_back(); });
  refused("lies in (0, 1]", [](auto& page) { page.slot_propensities[1] = 0; });
  refused("lies in (0, 1]", [](auto& page) { page.page_propensity = 1.5; });
  refused("event 0 is at slot 3", [](auto& page) { page.events[0].slot = 3; });
  refused("negative price -1", [](auto& page) { page.events[1].price = -1; });
  refused("quantity 0", [](auto& page) { page.events[1].quantity = 0; });
  refused("2 sections but 1 section names", [](auto& page) { page.section_names.pop_back(); });
  refused("given together", [](auto& page) { page.slot_propensity_kind = PropensityKind::none; });
  refused("must name another page", [](auto& page) { page.revisit_of = "p1"; });
  auto request = log.requests[0];
  request.request.candidates[2].price = -5;
  CHECK(missing_from_error([&] { writer.add(request); }, {"candidate 2 ('B33') has the negative price -5"}) ==
        "");
  request = log.requests[0];
  request.request.candidates[1].id.clear();
  CHECK(missing_from_error([&] { writer.add(request); }, {"candidate 1 has no id"}) == "");
  request.request.candidates.clear();
  CHECK(missing_from_error([&] { writer.add(request); }, {"has no candidates"}) == "");
}

TEST_CASE("a refused row leaves no trace in the part") {
  const DataTestFolder folder;
  const auto log = version_1_log();
  LogWriter writer(folder.path() / "log", kLogTestOrigin);
  auto bad_request = log.requests[0];
  bad_request.request.candidates[2].price = -5;
  CHECK_THROWS_AS(writer.add(bad_request), Error);
  for (const auto& request : log.requests) writer.add(request);
  auto bad_page = log.pages[0];
  bad_page.events.back().slot = 9;
  CHECK_THROWS_AS(writer.add(bad_page), Error);
  for (const auto& page : log.pages) writer.add(page);
  writer.commit();
  CHECK(load_log(folder.path() / "log") == log);
}

TEST_CASE("a log of a newer format version, a foreign file and a cut one are refused by name") {
  const DataTestFolder folder;
  const auto part = folder.path() / "part-00000.h5";
  const auto error_has = [&](std::initializer_list<std::string> parts) {
    return missing_from_error([&] { load_log(folder.path()); }, parts);
  };
  CHECK(error_has({folder.path().string(), "holds no part of a log", "pagewright import"}) == "");
  write_log_part(part, "pagewright-log", kLogFormatVersion);
  CHECK(load_log(folder.path()) == version_1_log());
  write_log_part(part, "pagewright-log", kLogFormatVersion + 1);
  CHECK(error_has({part.string(), "format version 3", "reads versions up to 2", "pagewright 9.9"}) == "");
  write_log_part(part, "somebody-else", 1);
  CHECK(error_has({part.string(), "not a feedback log of Pagewright"}) == "");
  write_text_file(part, "a,b,c\n1,2,3\n");
  CHECK(error_has({part.string(), "not an HDF5 file"}) == "");
  write_log_part(part, "pagewright-log", 1);
  std::filesystem::resize_file(part, std::filesystem::file_size(part) - 100);
  CHECK(error_has({part.string(), "cut short"}) == "");
  CHECK(missing_from_error([&] { load_log(folder.path() / "none"); }, {"no such folder"}) == "");
  CHECK(missing_from_error([&] { load_log(part); }, {"not a folder"}) == "");
}

TEST_CASE("columns that contradict each other are reported as damage, column by column") {
  const DataTestFolder folder;
  LogColumns sound;
  for (const auto& request : version_1_log().requests) sound.add(request);
  for (const auto& page : version_1_log().pages) sound.add(page);
  const auto error_of_column = [&](const std::string& column, auto change) {
    auto columns = sound;
    change(columns);
    const auto path = folder.path() / "part.h5";
    auto file = Hdf5File::create(path);
    columns.write(file);
    file.close();
    return missing_from_error([&] { LogColumns::read(Hdf5File::open(path)); },
                              {path.string(), "'" + column + "'", "damaged"});
  };
  CHECK(error_of_column("requests/id", [](auto& c) { c.request_id[1] = 1000; }) == "");
  CHECK(error_of_column("requests/split", [](auto& c) { c.request_split[0] = 3; }) == "");
  CHECK(error_of_column("requests/candidate_offsets", [](auto& c) { c.candidate_offsets[1] = -1; }) == "");
  CHECK(error_of_column("requests/timestamp", [](auto& c) { c.request_timestamp.pop_back(); }) == "");
  CHECK(error_of_column("candidates/price", [](auto& c) { c.candidates.price[0] = -7; }) == "");
  CHECK(error_of_column("history/kind", [](auto& c) { c.history_kind[0] = 4; }) == "");
  CHECK(error_of_column("pages/request", [](auto& c) { c.page_request[2] = 2; }) == "");
  CHECK(error_of_column("pages/slot_offsets", [](auto& c) { c.slot_offsets.back() = 99; }) == "");
  CHECK(error_of_column("sections/slots", [](auto& c) { c.section_slots[0] = 1; }) == "");
  CHECK(error_of_column("slots/candidate", [](auto& c) { c.slot_candidate[0] = 4; }) == "");
  CHECK(error_of_column("slots/propensity", [](auto& c) { c.page_slot_propensity_kind[1] = 1; }) == "");
  CHECK(error_of_column("events/slot", [](auto& c) { c.event_slot[0] = 3; }) == "");
  CHECK(error_of_column("events/quantity", [](auto& c) { c.event_quantity[0] = 0; }) == "");
}

TEST_CASE("a log that may not grow is a clear error and leaves no part") {
  const DataTestFolder folder;
  const auto path = folder.path() / "log";
  const auto log = random_test_log(3, 400);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{16 * 1024, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto missing =
      missing_from_error([&] { write_log(path, log, kLogTestOrigin); }, {"is the disk full?"});
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(missing == "");
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("the committed log of format version 1 is read as it was written") {
  CHECK(load_log(std::filesystem::path(PAGEWRIGHT_TEST_DATA) / "log-v1") == version_1_log());
}

TEST_CASE("events of a page sum up slot by slot, in page order") {
  const auto slots = slot_feedback(version_1_log().pages[0]);
  REQUIRE(slots.size() == 3);
  CHECK(slots[0].clicks == 1);
  CHECK(slots[0].carts == 2);
  CHECK(slots[0].purchases == 2);
  CHECK(slots[0].revenue == 14900);
  CHECK(slots[1].clicks == 0);
  CHECK(slots[2].revenue == 0);
}

}  // namespace
}  // namespace pagewright
