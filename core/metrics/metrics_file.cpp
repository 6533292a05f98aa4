#include "core/metrics/metrics_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/float_format.hpp"

namespace pagewright {
namespace {

std::string metrics_number(double value) {
  return std::isfinite(value) ? shortest_text(value) : "null";
}

void check_metric_name(const std::string& name) {
  const auto plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./@-").find(static_cast<char>(c)) != std::string_view::npos;
  };
  require(!name.empty() && std::all_of(name.begin(), name.end(), plain),
          "\"{}\" cannot name a metric; use letters, digits and _ . / @ -", name);
  require(name != "iteration" && name != "seconds", "a metric cannot be named \"{}\"", name);
}

/// Calls `visit(line, record)` for every whole line.
template <class Visit>
void for_each_metrics_line(const std::filesystem::path& path, Visit&& visit) {
  const std::string content = read_file(path);
  std::size_t begin = 0;
  for (int number = 1; begin < content.size(); ++number) {
    const std::size_t end = content.find('\n', begin);
    if (end == std::string::npos) return;  // cut short by an interruption
    const std::string_view line(content.data() + begin, end - begin);
    visit(line, with_context(fmt::format("{}:{}", path.string(), number),
                             [&] { return parse_metrics_line(line); }));
    begin = end + 1;
  }
}

}  // namespace

std::string canonical_metrics_line(std::int64_t iteration, const std::map<std::string, double>& metrics) {
  std::string line = fmt::format("{{\"iteration\":{}", iteration);
  for (const auto& [name, value] : metrics) {
    check_metric_name(name);
    line += fmt::format(",\"{}\":{}", name, metrics_number(value));
  }
  return line + "}";
}

MetricsRecord parse_metrics_line(std::string_view line) {
  MetricsRecord record;
  try {
    const nlohmann::json json = nlohmann::json::parse(line);
    record.iteration = json.at("iteration").get<std::int64_t>();
    for (const auto& [name, value] : json.items()) {
      if (name == "iteration") continue;
      const double number = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
      if (name == "seconds")
        record.seconds = number;
      else
        record.metrics[name] = number;
    }
  } catch (const nlohmann::json::exception& error) {
    fail("this is no line of metrics: {}", error.what());
  }
  return record;
}

std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path) {
  std::vector<MetricsRecord> records;
  for_each_metrics_line(
      path, [&](std::string_view, MetricsRecord record) { records.push_back(std::move(record)); });
  return records;
}

MetricsFile::MetricsFile(const std::filesystem::path& path, std::int64_t keep_iterations) : path_(path) {
  std::string kept;
  if (keep_iterations > 0 && std::filesystem::exists(path))
    for_each_metrics_line(path, [&](std::string_view line, const MetricsRecord& record) {
      if (record.iteration < keep_iterations) kept.append(line).push_back('\n');
    });
  write_file_atomically(path, kept);
  file_.reset(std::fopen(path.c_str(), "ab"));
  require(file_ != nullptr, "cannot write '{}': {}", path.string(), std::strerror(errno));
}

void MetricsFile::append(std::int64_t iteration, const std::map<std::string, double>& metrics,
                         double seconds) {
  std::string line = canonical_metrics_line(iteration, metrics);
  line.back() = ',';
  line += fmt::format("\"seconds\":{}}}\n", metrics_number(seconds));
  const bool written =
      std::fwrite(line.data(), 1, line.size(), file_.get()) == line.size() && std::fflush(file_.get()) == 0;
  require(written, "cannot write '{}': {}", path_.string(), std::strerror(errno));
}

}  // namespace pagewright
