#pragma once
// Learning rate over the steps of a run.

#include <cstdint>

namespace pagewright {

struct LearningRateSchedule {
  double peak = 3e-4;
  std::int64_t warmup_steps = 0;
  std::int64_t total_steps = 1;
  double final_fraction = 0.1;  ///< of the peak

  /// Rate of step `step` (from 0). Warm-up: peak * (step + 1) / (warmup_steps + 1); then a cosine from the
  /// peak to final_fraction * peak at total_steps, and constant after.
  double at(std::int64_t step) const;
};

}  // namespace pagewright
