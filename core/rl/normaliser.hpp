#pragma once
// Scale of a reward under the reference policy.

#include "core/rl/moments.hpp"

namespace pagewright {

/// clip((x - mean) / deviation, -limit, limit) with running moments; fed with rewards of the reference
/// policy, then frozen, or fed slowly. Part of a checkpoint.
struct RewardNormaliser {
  Moments moments;
  double limit = 5;
  bool shift_mean = true;  ///< false: only the scale changes

  void add(double value) { moments.add(value); }
  /// Rewards that never vary come out as 0 (or, unshifted, as they are).
  double operator()(double value) const;
};

}  // namespace pagewright
