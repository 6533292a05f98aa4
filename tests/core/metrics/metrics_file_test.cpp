#include "core/metrics/metrics_file.hpp"

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

using MetricMap = std::map<std::string, double>;

TEST_CASE("a line of metrics reads back, with or without seconds, and other lines are refused") {
  const std::map<std::string, double> metrics{{"a", 0.1}, {"b", -1e300}, {"c", std::nan("")}};
  const MetricsRecord record = parse_metrics_line(canonical_metrics_line(7, metrics));
  CHECK(record.iteration == 7);
  CHECK(record.metrics.at("a") == 0.1);
  CHECK(record.metrics.at("b") == -1e300);
  CHECK(std::isnan(record.metrics.at("c")));
  CHECK(parse_metrics_line(R"({"iteration":1,"a":2,"seconds":0.5})").seconds == 0.5);
  for (const char* line : {"", "[]", "{}", R"({"iteration":"x"})", R"({"iteration":1,"a":"b"})"})
    CHECK_THROWS_AS(parse_metrics_line(line), Error);
}

TEST_CASE("A metrics line has names in order and numbers that read back to the same bits") {
  const MetricMap metrics = {{"b", 0.1}, {"a", -1e300}, {"B", 1.0 / 3}, {"c", std::nan("")}};
  CHECK(canonical_metrics_line(7, metrics) ==
        R"({"iteration":7,"B":0.3333333333333333,"a":-1e+300,"b":0.1,"c":null})");
  CHECK(canonical_metrics_line(0, {}) == R"({"iteration":0})");
}

TEST_CASE("Names that a metrics line cannot hold are refused") {
  for (const char* name : {"", "iteration", "seconds", "a\"b", "a b", "a\n"})
    CHECK(test::error_text([&] { canonical_metrics_line(0, {{name, 1.0}}); }) != "no error");
}

TEST_CASE("A metrics file is on disk after every line and reads back") {
  const test::TemporaryFolder folder;
  const auto path = folder / "metrics.jsonl";
  MetricsFile file(path, 0);
  file.append(0, {{"x", 0.25}}, 1.5);
  CHECK(read_file(path) == "{\"iteration\":0,\"x\":0.25,\"seconds\":1.5}\n");
  file.append(1, {{"x", std::numeric_limits<double>::infinity()}}, 0.125);
  const auto records = read_metrics(path);
  REQUIRE(records.size() == 2);
  CHECK(records[0].metrics == MetricMap{{"x", 0.25}});
  CHECK(records[1].iteration == 1);
  CHECK(records[1].seconds == 0.125);
  CHECK(std::isnan(records[1].metrics.at("x")));
}

TEST_CASE("Resuming keeps the lines before the iteration it goes on from") {
  const test::TemporaryFolder folder;
  const auto path = folder / "metrics.jsonl";
  {
    MetricsFile file(path, 0);
    for (int i = 0; i < 5; ++i) file.append(i, {{"x", i}}, 1);
  }
  write_file_atomically(path, read_file(path) + "{\"iteration\":5,\"x");
  {
    MetricsFile file(path, 3);
    file.append(3, {{"x", 30}}, 1);
  }
  const auto records = read_metrics(path);
  REQUIRE(records.size() == 4);
  CHECK(records[2].metrics.at("x") == 2);
  CHECK(records[3].metrics.at("x") == 30);
  MetricsFile(path, 0);
  CHECK(read_file(path).empty());
}

TEST_CASE("A broken line in the middle of a metrics file is an error with its number") {
  const test::TemporaryFolder folder;
  const auto path = folder / "metrics.jsonl";
  write_file_atomically(path, "{\"iteration\":0}\n{\"iter\n{\"iteration\":2}\n");
  const std::string text = test::error_text([&] { MetricsFile(path, 3); });
  CHECK(test::contains(text, "metrics.jsonl:2"));
}

TEST_CASE("A metrics file in a folder that is not there is an error that names it") {
  const test::TemporaryFolder folder;
  const std::string text = test::error_text([&] { MetricsFile(folder / "no/metrics.jsonl", 0); });
  CHECK(test::contains(text, "no/metrics.jsonl"));
}

}  // namespace
}  // namespace pagewright
