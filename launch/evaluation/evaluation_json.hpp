#pragma once
// evaluation.json: what tools and later runs read.

#include <filesystem>

#include "launch/evaluation/evaluation.hpp"

namespace pagewright {

inline constexpr int kEvaluationFormatVersion = 1;

/// Writes (or replaces, at once) the file:
///
///     {"format": "pagewright-evaluation", "version": 1, "grammar": "on", "requests": 4000,
///      "users": 1800,
///      "policies": {NAME: {METRIC: {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 4000}}},
///      "invalid": {NAME: {CAUSE: pages}},
///      "first_slot": {NAME: {METRIC: ...}},
///      "differences": {"both - imitation": {METRIC: ...}},
///      "slices": {SLICE: {"requests", "users", "policies", "invalid", "first_slot", "differences"}}}
///
/// "grammar" is "on" (also where it is missing), "off, trained for" or "off, not trained for" (GrammarUse).
/// A number that is not known is null. Policies, differences and slices keep their order.
void write_evaluation(const std::filesystem::path& path, const EvaluationReport& report);

/// Reads such a file; null becomes not-a-number. Error that names the file for a missing, broken or foreign
/// file and for a newer version.
EvaluationReport read_evaluation(const std::filesystem::path& path);

}  // namespace pagewright
