#include "core/rl/normaliser.hpp"

#include <algorithm>
#include <cmath>

namespace pagewright {

double RewardNormaliser::operator()(double value) const {
  const double deviation = std::sqrt(moments.sample_variance());
  const double centred = shift_mean ? value - moments.mean : value;
  if (!(deviation > 0)) return shift_mean ? 0 : std::clamp(value, -limit, limit);
  return std::clamp(centred / deviation, -limit, limit);
}

}  // namespace pagewright
