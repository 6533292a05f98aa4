#include "core/rl/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pagewright {

double LearningRateSchedule::at(std::int64_t step) const {
  if (step < warmup_steps)
    return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps + 1);
  const double length = static_cast<double>(std::max<std::int64_t>(1, total_steps - warmup_steps));
  const double progress = std::min(1.0, static_cast<double>(step - warmup_steps) / length);
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * progress));
  return peak * (final_fraction + (1 - final_fraction) * cosine);
}

}  // namespace pagewright
