#include "rewards/feedback/pair_file.hpp"

#include <fstream>
#include <regex>
#include <sstream>
#include <utility>

#include "core/base/file.hpp"
#include "core/data/log_hash.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

struct FileCase {
  PageSchema schema = test::carousel_and_grid();
  FeedbackLog log = simulate_log(test::small_world(5, 400, 40));
  std::map<Split, PairSet> pairs = made();
  test::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "pairs.jsonl";

  std::map<Split, PairSet> made() const {
    GainConfig gains;
    gains.propensities = PropensitySource::given;
    gains.given_propensities = {1, 0.8, 0.6, 0.5};
    PairConfig config;
    config.request_baseline = RequestBaseline::always;
    std::map<Split, PairSet> all;
    for (const Split split : {Split::train, Split::valid})
      all.emplace(split, make_pairs(log, schema, ItemGains(gains, log), config, split, 3));
    return all;
  }
  void write() const {
    write_pairs(path, {"runs/x/log", log_hash(log), {{"rewards.pairs.margin", "1"}}}, schema, log, pairs);
  }
  /// What reading says of the file once a pattern in it is replaced.
  std::string error(const std::string& pattern, const std::string& replacement) const {
    write();
    const std::string text = read_file(path);
    const std::string changed =
        std::regex_replace(text, std::regex(pattern), replacement, std::regex_constants::format_first_only);
    REQUIRE(changed != text);
    std::ofstream(path) << changed;
    return read_error();
  }
  std::string read_error() const {
    return test::error_text([&] { read_pairs(path, schema, log, {Split::train}); });
  }
};

bool says(const std::string& error, const std::string& line, const std::string& text) {
  INFO(error);
  return test::contains(error, "pairs.jsonl:" + line + ": ") && test::contains(error, text);
}

TEST_CASE("pairs that were written to a file are read back as they were") {
  const FileCase c;
  c.write();
  const auto all = read_pairs(c.path, c.schema, c.log, {Split::train, Split::valid});
  CHECK(all.size() == 2);
  for (const auto& [split, read] : all) {
    const PairSet& made = c.pairs.at(split);
    REQUIRE(made.across > 0);
    REQUIRE(made.hard > 0);
    CHECK(read.pairs == made.pairs);
    CHECK(read.count == made.count);
    CHECK(read.hard == made.hard);
    CHECK(read.unseen == made.unseen);
    CHECK(read.across == made.across);
    for (std::size_t family = 0; family < kPairFamilies; ++family)
      CHECK(read.notes[family].weight == Approx(made.notes[family].weight));
  }
  const auto valid = read_pairs(c.path, c.schema, c.log, {Split::valid});
  CHECK(valid.size() == 1);
  CHECK(valid.at(Split::valid).pairs == all.at(Split::valid).pairs);
  CHECK(read_pairs(c.path, c.schema, c.log, {Split::test}).at(Split::test).empty_because[1] ==
        c.path.string() + " has none of the split test");
}

TEST_CASE("a file of pairs of another log or of a newer program is refused by name") {
  FileCase c;
  CHECK(says(c.error("\"version\":2", "\"version\":3"), "1", "newer than this program"));
  CHECK(says(c.error("pagewright-pairs", "pagewright-log"), "1", "this is no file of pairs"));
  c.write();
  std::swap(c.log.requests[0].request.candidates[0].id, c.log.requests[0].request.candidates[1].id);
  CHECK(says(c.read_error(), "1", "the pairs are of another log (runs/x/log)"));
}

TEST_CASE("a pair that does not fit the log or the schema is an error with file and line") {
  const FileCase c;
  const std::string count = std::to_string(c.log.requests.size());
  CHECK(says(c.error("\"request\":\\d+", "\"request\":" + count), "2",
             "request: " + count + " is not in the log"));
  CHECK(says(c.error("\"request\":\\d+", "\"request\":-1"), "2", "request: -1 is not in the log"));
  CHECK(says(c.error("\"request_id\":\"[^\"]*\"", "\"request_id\":\"nobody\""), "2", "not 'nobody'"));
  CHECK(says(c.error("\"family\":\"\\w+\"", "\"family\":\"novelty\""), "2",
             "'novelty' is no pair family; use one of: relevance, ranking, diversity, redundancy, natural"));
  CHECK(says(c.error("\"split\":\"train\"", "\"split\":\"dev\""), "2", "'dev' is no split"));
  CHECK(says(c.error("\"weight\":[0-9.]+", "\"weight\":0"), "2", "weight: must be above 0"));
  CHECK(says(c.error("\"items\":\\[\"[^\"]*\"", "\"items\":[\"no-such\""), "2",
             "item no-such is not among the candidates"));
  CHECK(says(c.error("\"items\":\\[\"[^\"]*\",", "\"items\":["), "2", "better: the page breaks the schema"));
  CHECK(says(c.error("\"weight\"", "\"wieght\""), "2", "did you mean"));
  CHECK(says(c.error("\"better\":", "\"better\""), "2", "not valid JSON"));
  // The first pair of the validation users given out as one of the training users.
  CHECK(says(c.error("\"split\":\"valid\"", "\"split\":\"train\""),
             std::to_string(2 + c.pairs.at(Split::train).pairs.size()), "belongs to the split valid"));
}

TEST_CASE("equal pages are no pair, and an empty file has no head") {
  FileCase c;
  PagePair& first = c.pairs.at(Split::train).pairs.at(0);
  first.worse = first.better;
  c.write();
  CHECK(says(c.read_error(), "2", "better and worse are the same page"));
  std::ofstream(c.path) << "";
  CHECK(test::contains(c.read_error(), "is empty"));
}

TEST_CASE("hand-made pairs need no weights, and the hash of the log or the ids of their requests") {
  FileCase c;
  c.write();
  std::istringstream lines(read_file(c.path));
  std::string head, line;
  std::getline(lines, head);
  std::getline(lines, line);
  line = std::regex_replace(line, std::regex("\"weight\":[0-9.]+,"), "");
  const std::string bare_head = R"({"format": "pagewright-pairs", "version": 1})";
  const std::string bare_line = std::regex_replace(line, std::regex("\"request_id\":\"[^\"]*\","), "");
  REQUIRE(bare_line != line);
  PagePair expected = c.pairs.at(Split::train).pairs.at(0);
  expected.weight = 1;
  for (const auto& [first, second] : {std::pair(head, bare_line), std::pair(bare_head, line)}) {
    std::ofstream(c.path) << first << "\n\n" << second << "\n";
    const PairSet read = read_pairs(c.path, c.schema, c.log, {Split::train}).at(Split::train);
    REQUIRE(read.pairs.size() == 1);
    CHECK(read.pairs[0] == expected);
  }
  std::ofstream(c.path) << bare_head << "\n" << bare_line << "\n";
  CHECK(says(c.read_error(), "2", "request_id: missing; without log_hash"));
}

TEST_CASE("without the hash of the log a worse page's request needs its id as well") {
  const FileCase c;
  c.write();
  std::istringstream lines(read_file(c.path));
  std::string line;
  while (std::getline(lines, line) && (line.find("\"worse_request\"") == std::string::npos ||
                                       line.find("\"split\":\"train\"") == std::string::npos)) {
  }
  REQUIRE(lines);
  line = std::regex_replace(line, std::regex("\"worse_request_id\":\"[^\"]*\","), "");
  std::ofstream(c.path) << R"({"format": "pagewright-pairs", "version": 1})" << "\n" << line << "\n";
  CHECK(says(c.read_error(), "2", "worse_request_id: missing; without log_hash"));
}

}  // namespace
}  // namespace pagewright
