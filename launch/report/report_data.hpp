#pragma once
// Everything that a report shows, read from a run folder.

#include <optional>
#include <string>
#include <vector>

#include "launch/evaluation/evaluation.hpp"
#include "launch/page_examples.hpp"
#include "launch/report/exchanges.hpp"
#include "launch/report/run_records.hpp"

namespace pagewright {

/// A request whose pages are drawn.
struct ShownExample {
  std::size_t example = 0;  ///< index into ReportData::examples
  std::string chosen_as;    ///< why this one is shown: "picked at random"
  /// [slots] of the policy's page; empty where the reward models were not asked.
  std::vector<SlotReason> reasons;
  std::optional<double> reward_before, reward_after;  ///< page reward of both pages
};

struct ReportData {
  std::string title;
  std::string policy;
  std::string baseline;
  PageSchema schema;
  std::optional<EvaluationReport> evaluation;
  std::string evaluation_problem;                 ///< why there is none
  std::optional<EvaluationReport> unconstrained;  ///< pages without the grammar, where they were measured
  std::vector<PageExample> examples;
  std::string examples_problem;
  std::vector<ShownExample> shown;
  std::string reasons_problem;
  RunRecords records;
  BootstrapOptions bootstrap;
  bool sees_logged_rank = false;  ///< the policies re-rank the logged order
  bool saw_the_truth = false;     ///< a reward term looked at the simulator's truth
  std::string effective_yaml;
};

/// The metric by which pages are compared one by one: the true utility where it is known, otherwise NDCG.
struct PageMeasure {
  double PageMetrics::*metric = nullptr;
  std::string words;
};
PageMeasure page_measure(const std::vector<PageExample>& examples);

/// Which requests to draw: the largest gain and the largest loss by the measure, and requests picked at
/// random (by a hash of their keys) among those whose user engaged with something; all of changed, valid
/// pages. At most `count`.
std::vector<ShownExample> choose_examples(const std::vector<PageExample>& examples, const std::string& policy,
                                          const std::string& baseline, std::size_t count);

}  // namespace pagewright
