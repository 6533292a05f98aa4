#pragma once
// The price of breaking a constraint, which adapts until the constraint holds.

#include <string>

namespace pagewright {

/// A bound on the mean over pages of what a reward term measures.
struct ConstraintConfig {
  std::string term;     ///< name of the term that measures
  bool at_most = true;  ///< else at least
  double limit = 0;
  double rate = 1;     ///< step of the multiplier for a violation of 1, an iteration
  double initial = 0;  ///< multiplier of the first iteration
  double most = 10;    ///< bound of the multiplier
  bool operator==(const ConstraintConfig&) const = default;
};

/// Dual ascent on max E[r] subject to E[g] <= limit (or >= limit). With v = g - limit (or limit - g), the
/// violation, a page earns r - lambda v, and after each iteration
///     lambda <- min(max(lambda + rate mean(v), 0), most),
/// the projected gradient step on the Lagrangian's dual (Boyd and Vandenberghe, Convex Optimization, 5.5).
class LagrangeMultiplier {
 public:
  /// Throws Error for a rate that is not above 0 or an initial value outside [0, most].
  explicit LagrangeMultiplier(ConstraintConfig config);

  double value() const { return value_; }
  void set_value(double value) { value_ = value; }
  /// Of a page, or of a mean over pages: above 0 where the constraint is broken.
  double violation(double measured) const {
    return config_.at_most ? measured - config_.limit : config_.limit - measured;
  }
  /// `mean` of what is measured, over all pages of the iteration. One that is no number changes nothing.
  void update(double mean);
  const ConstraintConfig& config() const { return config_; }

 private:
  ConstraintConfig config_;
  double value_;
};

}  // namespace pagewright
