#pragma once
// From single pages to an evaluation.

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "launch/evaluation/evaluate_policies.hpp"
#include "launch/evaluation/evaluation.hpp"

namespace pagewright {

struct SummaryOptions {
  int k = 10;  ///< the cut-off the pages were measured with
  BootstrapOptions bootstrap;
  /// Pairs (left, right) to compare; a pair of which a policy is missing is left out.
  std::vector<std::pair<std::string, std::string>> differences;
  /// gap_closed_* of a policy is (policy - gap_zero) / (gap_full - gap_zero), if both are there.
  std::string gap_zero = "random";
  std::string gap_full = "oracle";
};

/// The pairs that answer the usual questions: every policy but random and oracle against those of logged,
/// imitation and warmup that come before it, against page_only and item_only, which learn from one reward
/// alone, and against last_touched where lists are seen again, since that rule is what a policy has to beat
/// there.
std::vector<std::pair<std::string, std::string>> usual_differences(std::span<const PolicyPages> policies,
                                                                   std::span<const EvaluationCase> cases);

/// Summarises the cases whose numbers are in `chosen`.
Evaluation summarise(std::span<const PolicyPages> policies, std::span<const EvaluationCase> cases,
                     std::span<const std::size_t> chosen, const SummaryOptions& options);
/// Summarises all cases.
Evaluation summarise(std::span<const PolicyPages> policies, std::span<const EvaluationCase> cases,
                     const SummaryOptions& options);

/// All cases; where the log has revisits also the slices "first views" and "same list again".
EvaluationReport summarise_with_views(std::span<const PolicyPages> policies,
                                      std::span<const EvaluationCase> cases, const SummaryOptions& options);

}  // namespace pagewright
