#pragma once
// What a study found: each measure of each cell, and how it differs from the baseline cell's.

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/metrics/bootstrap.hpp"
#include "launch/study/study_plan.hpp"

namespace pagewright {

/// One cell under one measure.
struct StudyCellResult {
  std::string cell;
  std::vector<double> values;  ///< [seeds], not a number where there is none
  Estimate mean;               ///< over seeds
  /// This cell minus the baseline cell, seed by seed; with one seed, user by user for a metric of the
  /// evaluation. Without an interval low and high are not numbers.
  Estimate difference;
  std::vector<double> differences;  ///< [seeds]
  int compared = 0;                 ///< seeds with a result of this cell and of the baseline cell
  int better = 0;                   ///< seeds in which it is above the baseline cell
  std::vector<Estimate> over;       ///< [references] a policy minus another of its own run, seed by seed
};

/// A metric of a policy's pages, or another figure of a run.
struct StudyMeasure {
  std::string name;       ///< "true_gmv" or "item/swaps/accuracy"
  std::string policy;     ///< empty for a figure
  bool relative = false;  ///< differences are best read as shares of the baseline's mean
  std::vector<StudyCellResult> cells;

  double baseline_mean = 0;
  std::string title() const { return policy.empty() ? name : policy + ": " + name; }
};

struct StudyResults {
  std::string baseline;
  std::vector<std::uint64_t> seeds;
  std::vector<std::string> references;  ///< policies
  std::vector<StudyMeasure> measures;
};

/// Reads the results of all runs that are complete; with no complete run of any cell there are no measures.
/// Intervals have 95 % confidence: Student's t over seeds (each seed has its own shop, log, start and
/// evaluation, so that it holds what training and data vary by), bootstrap by user with one seed. A
/// metric or figure that no run has is left out, with a warning.
StudyResults read_study_results(const StudyPlan& plan, const StudyConfig& config);

/// One aligned table for each measure.
std::string study_text(const StudyResults& results);
std::string study_markdown(const StudyResults& results);
/// {"format": "pagewright-study", "version": 1, "baseline", "seeds", "measures": [{"name", "policy", "cells":
/// [{"cell", "values", "mean", "difference", "over": {REFERENCE: ...}}]}]}; numbers that are not known are
/// null.
nlohmann::json study_json(const StudyResults& results);

/// A difference to something whose mean is `base`, as the tables say it: "+3.1 %" where shares are wanted,
/// otherwise "+0.031".
std::string study_difference_text(const StudyMeasure& measure, double difference, double base);

}  // namespace pagewright
