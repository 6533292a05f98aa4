#include "launch/study/study_results.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "core/metrics/student_t.hpp"
#include "launch/evaluation/evaluation_json.hpp"
#include "launch/study/study_folder.hpp"
#include "tests/launch/study/study_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

/// As if the run was complete and its policy `both` had this true GMV, the warm-up 10.
void pretend(const StudyPlan& plan, const std::string& cell, std::uint64_t seed, double gmv) {
  for (const StudyRun& run : plan.runs) {
    if (run.cell != cell || run.seed != seed) continue;
    std::filesystem::create_directories(run.folder);
    std::filesystem::create_directories(plan.folder / "jobs");
    EvaluationReport report;
    report.all.requests = report.all.users = 1;
    for (const auto& [policy, value] : {std::pair{"warmup", 10.0}, {"both", gmv}})
      report.all.policies.push_back({policy, {{"true_gmv", {value, value, value, 1}}}, {}});
    write_evaluation(run.folder / "evaluation.json", report);
    write_file_atomically(run.folder / "card.json", nlohmann::json{{"right", gmv / 100}}.dump());
    write_job_record(plan, plan.jobs[run.last], 1);
  }
}

TEST_CASE(
    "cells are compared seed by seed, with Student's interval, with the baseline and with their warm-up") {
  const test::TemporaryFolder parent;
  const StudyConfig config = test::quickstart_study(parent, R"(
seeds: [1, 2, 3]
set: {policies: "[{name: both}]"}
variants: [{name: naive}, {name: ipw, set: {rewards.gains.propensities: power}}]
figures: ["card.json#/right"]
)");
  const StudyPlan plan = plan_study(config);
  const double naive[] = {20, 30, 40}, ipw[] = {22, 31, 46};
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    pretend(plan, "naive", seed, naive[seed - 1]);
    pretend(plan, "ipw", seed, ipw[seed - 1]);
  }
  const StudyResults results = read_study_results(plan, config);
  REQUIRE(results.measures.size() == 2);
  const StudyMeasure& gmv = results.measures[0];
  CHECK(gmv.title() == "both: true_gmv");
  CHECK(gmv.baseline_mean == Approx(30));
  REQUIRE(gmv.cells.size() == 2);
  const StudyCellResult& cell = gmv.cells[1];
  const Estimate expected = mean_with_t_interval(std::vector<double>{2, 1, 6});
  CHECK(cell.mean.mean == Approx(33));
  CHECK(cell.better == 3);
  CHECK(cell.difference.mean == Approx(3));
  CHECK(cell.difference.low == Approx(expected.low));
  CHECK(cell.difference.high == Approx(expected.high));
  REQUIRE(cell.over.size() == 1);
  CHECK(cell.over[0].mean == Approx(23));
  CHECK(study_difference_text(gmv, cell.difference.mean, 30) == "+10.00 %");
  CHECK(results.measures[1].cells[1].difference.mean == Approx(0.03));
  CHECK(study_difference_text(results.measures[1], 0.03, 1) == "+0.0300");
  const std::string text = study_text(results);
  for (const char* part : {"both: true_gmv", "against naive", "+10.00 %", "3 of 3", "Student's t"})
    CHECK(test::contains(text, part));
  const nlohmann::json json = study_json(results);
  CHECK(json["measures"][0]["cells"][1]["values"] == nlohmann::json({22.0, 31.0, 46.0}));
}

TEST_CASE("a run without a result is unknown, not zero") {
  const test::TemporaryFolder parent;
  const StudyConfig config = test::quickstart_study(parent, R"(
seeds: [1, 2]
set: {policies: "[{name: both}]"}
variants: [{name: naive}, {name: ipw, set: {rewards.gains.propensities: power}}]
)");
  const StudyPlan plan = plan_study(config);
  CHECK(read_study_results(plan, config).measures.empty());
  pretend(plan, "naive", 1, 20);
  pretend(plan, "naive", 2, 30);
  pretend(plan, "ipw", 2, 33);
  const StudyResults results = read_study_results(plan, config);
  const StudyCellResult& cell = results.measures.at(0).cells.at(1);
  CHECK(std::isnan(cell.values[0]));
  CHECK(cell.difference.n == 1);
  CHECK(cell.difference.mean == Approx(3));
  CHECK(std::isnan(cell.difference.low));
  CHECK(study_json(results)["measures"][0]["cells"][1]["values"][0].is_null());
}

TEST_CASE("a metric or figure that no run has is left out, and the others are compared") {
  const test::TemporaryFolder parent;
  const StudyConfig config = test::quickstart_study(parent, R"(
seeds: [1]
set: {policies: "[{name: both}]"}
metrics: [true_gvm, true_gmv]
figures: ["card.json#/wrong", "card.json#/right", "none.json#/right"]
)");
  const StudyPlan plan = plan_study(config);
  pretend(plan, "base", 1, 20);
  std::vector<std::string> names;
  for (const StudyMeasure& measure : read_study_results(plan, config).measures) names.push_back(measure.name);
  CHECK(names == std::vector<std::string>{"true_gmv", "card.json#/right"});
}

}  // namespace
}  // namespace pagewright
