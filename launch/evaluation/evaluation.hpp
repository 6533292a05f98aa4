#pragma once
// Results of an evaluation: means with intervals, paired differences, share of the gap closed.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics/bootstrap.hpp"

namespace pagewright {

/// Estimates by metric name.
using MetricEstimates = std::map<std::string, Estimate>;

struct PolicySummary {
  std::string name;
  MetricEstimates metrics;
  std::map<std::string, std::int64_t> causes;  ///< pages by cause of invalidity
};

/// Mean over the cases of left's value minus right's.
struct DifferenceSummary {
  std::string left;
  std::string right;
  MetricEstimates metrics;
  std::string name() const { return left + " - " + right; }
};

/// Metrics of a set of cases. Beside those of metric_fields():
/// - coverage: distinct items shown by the policy / distinct candidates; no interval (low, high are not
/// numbers), because
///   a resample of users always covers less; n is the number of distinct candidates;
/// - gap_closed_utility, gap_closed_ctr, gap_closed_gmv: share of the gap from random to oracle, where truth
/// is known.
struct Evaluation {
  std::int64_t requests = 0;
  std::int64_t users = 0;  ///< a request without a user counts as a user of its own
  std::vector<PolicySummary> policies;
  std::vector<PolicySummary>
      first_slot;  ///< rankings of all candidates for the first slot, for policies that have them
  std::vector<DifferenceSummary> differences;

  /// Null if there is no such policy.
  const PolicySummary* find_policy(const std::string& name) const;
  /// Null if there is no such pair.
  const DifferenceSummary* find_difference(const std::string& left, const std::string& right) const;
};

/// How pages were generated: under the grammar, or without it. A loss over the allowed tokens alone says
/// nothing about the others, so that only a warm-up over the whole vocabulary (warmup.vocabulary) trains for
/// the latter.
enum class GrammarUse { on, off_trained_for, off_not_trained_for };

/// What an evaluation file holds: all cases, and named parts of them.
struct EvaluationReport {
  Evaluation all;
  std::vector<std::pair<std::string, Evaluation>> slices;
  GrammarUse grammar = GrammarUse::on;
};

}  // namespace pagewright
