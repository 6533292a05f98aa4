#pragma once
// Bounds on what pages are like on average, kept by prices that the learners hold.

#include <map>
#include <string>
#include <vector>

#include "core/rl/lagrange_multiplier.hpp"
#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/metrics.hpp"

namespace pagewright {

/// Reward ranks only measure: a constraint's term fills `slots_raw` (what each slot adds to g) and page_raw.
/// The learners price it, so that the multipliers need not travel: they follow from the metrics, which are
/// the same on every learner, whatever their number.
class Constraints {
 public:
  explicit Constraints(const std::vector<ConstraintConfig>& configs);

  /// Adds -multiplier x violation to the rewards of valid pages: each slot its part, and the rest to the
  /// page. Throws Error if a valid page lacks a constraint's term.
  void price(Experience& pages) const;
  /// Adds term.NAME.multiplier, as it was used, and term.NAME.violation, the mean over valid pages.
  void report(Metrics& metrics) const;
  /// Moves the multipliers by the violations in the metrics; without valid pages they stay.
  void update(const Metrics& metrics);

  /// By the term's name.
  std::map<std::string, double> multipliers() const;
  /// Throws Error if the names differ.
  void restore(const std::map<std::string, double>& multipliers);

 private:
  std::vector<LagrangeMultiplier> multipliers_;
};

}  // namespace pagewright
