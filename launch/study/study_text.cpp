// Study results as tables and as JSON.
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/table.hpp"
#include "launch/study/study_results.hpp"

namespace pagewright {
namespace {

std::string study_number(double value) {
  if (!std::isfinite(value)) return "-";
  const double size = std::abs(value);
  return fmt::format("{:.{}f}", value, size < 10 ? 4 : size < 1000 ? 2 : 0);
}

std::string study_interval(const StudyMeasure& measure, const Estimate& estimate, double base) {
  if (!std::isfinite(estimate.low)) return "-";
  return study_difference_text(measure, estimate.low, base) + " to " +
         study_difference_text(measure, estimate.high, base);
}

std::string study_sign(const Estimate& estimate) {
  return estimate.low > 0 ? " *" : estimate.high < 0 ? " o" : "";
}

/// Figures that are no metric of a policy have none.
std::size_t references_of(const StudyResults& results, const StudyMeasure& measure) {
  return measure.policy.empty() ? 0 : results.references.size();
}

Table study_measure_table(const StudyResults& results, const StudyMeasure& measure) {
  std::vector<std::string> headers{"cell", "mean", "against " + results.baseline, "95 % interval",
                                   "above in"};
  for (std::size_t i = 0; i < references_of(results, measure); ++i)
    headers.insert(headers.end(), {"against its " + results.references[i], "95 % interval "});
  Table table(headers);
  for (const StudyCellResult& cell : measure.cells) {
    const bool base = cell.cell == results.baseline;
    std::vector<std::string> row{
        cell.cell, study_number(cell.mean.mean),
        base ? ""
             : study_difference_text(measure, cell.difference.mean, measure.baseline_mean) +
                   study_sign(cell.difference),
        base ? "" : study_interval(measure, cell.difference, measure.baseline_mean),
        base ? "" : fmt::format("{} of {}", cell.better, cell.compared)};
    for (std::size_t i = 0; i < references_of(results, measure); ++i) {
      const double reference = cell.mean.mean - cell.over[i].mean;
      row.push_back(study_difference_text(measure, cell.over[i].mean, reference) + study_sign(cell.over[i]));
      row.push_back(study_interval(measure, cell.over[i], reference));
    }
    table.add_row(std::move(row));
  }
  return table;
}

std::string study_note(const StudyResults& results) {
  return fmt::format("Differences are paired by {}; the 95 % interval lies above (*) or below (o) 0.{}\n",
                     results.seeds.size() == 1 ? "request, intervals by bootstrap over users"
                                               : "seed, intervals by Student's t",
                     results.seeds.size() == 1 ? " One seed says nothing of how much training varies." : "");
}

nlohmann::json study_number_json(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

nlohmann::json study_estimate_json(const Estimate& estimate) {
  return {{"mean", study_number_json(estimate.mean)},
          {"low", study_number_json(estimate.low)},
          {"high", study_number_json(estimate.high)},
          {"n", estimate.n}};
}

}  // namespace

std::string study_difference_text(const StudyMeasure& measure, double difference, double base) {
  if (!std::isfinite(difference)) return "-";
  if (measure.relative) return fmt::format("{:+.2f} %", 100 * difference / base);
  return fmt::format("{:+.4f}", difference);
}

std::string study_text(const StudyResults& results) {
  std::string text;
  for (const StudyMeasure& measure : results.measures)
    text += fmt::format("{}\n{}\n", measure.title(), study_measure_table(results, measure).to_string());
  return text.empty() ? text : text + study_note(results);
}

std::string study_markdown(const StudyResults& results) {
  std::string text;
  for (const StudyMeasure& measure : results.measures)
    text +=
        fmt::format("### {}\n\n{}\n", measure.title(), study_measure_table(results, measure).to_markdown());
  return text.empty() ? text : text + study_note(results);
}

nlohmann::json study_json(const StudyResults& results) {
  nlohmann::json measures = nlohmann::json::array();
  for (const StudyMeasure& measure : results.measures) {
    nlohmann::json cells = nlohmann::json::array();
    for (const StudyCellResult& cell : measure.cells) {
      nlohmann::json values = nlohmann::json::array();
      for (const double value : cell.values) values.push_back(study_number_json(value));
      nlohmann::json over = nlohmann::json::object();
      for (std::size_t i = 0; i < cell.over.size(); ++i)
        over[results.references[i]] = study_estimate_json(cell.over[i]);
      cells.push_back({{"cell", cell.cell},
                       {"values", values},
                       {"mean", study_estimate_json(cell.mean)},
                       {"difference", study_estimate_json(cell.difference)},
                       {"above", cell.better},
                       {"over", over}});
    }
    measures.push_back({{"name", measure.name}, {"policy", measure.policy}, {"cells", cells}});
  }
  return {{"format", "pagewright-study"},
          {"version", 1},
          {"baseline", results.baseline},
          {"seeds", results.seeds},
          {"measures", measures}};
}

}  // namespace pagewright
