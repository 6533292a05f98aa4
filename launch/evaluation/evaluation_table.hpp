#pragma once
// An evaluation for people.

#include <string>

#include "core/base/table.hpp"
#include "launch/evaluation/evaluation.hpp"

namespace pagewright {

/// One row per policy, one column per metric that is known and not 0 for some policy: "mean ±half width of
/// the interval". Rows of first-slot rankings follow under a rule, labelled "NAME (first slot)".
Table policy_table(const Evaluation& evaluation);

/// One row per difference, "mean [low, high]" per metric; a star where the interval excludes 0.
Table difference_table(const Evaluation& evaluation);

/// Both tables under a line that says what was measured, then causes of invalid pages, if there are any; the
/// same for every slice.
std::string evaluation_text(const EvaluationReport& report);

}  // namespace pagewright
