#include "core/rl/lagrange_multiplier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

LagrangeMultiplier::LagrangeMultiplier(ConstraintConfig config)
    : config_(std::move(config)), value_(config_.initial) {
  require(config_.rate > 0, "the rate of constraint '{}' must be above 0, not {}", config_.term,
          config_.rate);
  require(config_.initial >= 0 && config_.initial <= config_.most,
          "the initial multiplier of constraint '{}' must be from 0 to {}, not {}", config_.term,
          config_.most, config_.initial);
}

void LagrangeMultiplier::update(double mean) {
  if (std::isfinite(mean)) value_ = std::clamp(value_ + config_.rate * violation(mean), 0.0, config_.most);
}

}  // namespace pagewright
