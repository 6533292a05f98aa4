#include "core/rl/kl_controller.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace pagewright {

KlController::KlController(KlControlConfig config) : config_(config), coefficient_(config.coefficient) {
  require(config.coefficient >= 0, "the KL coefficient must not be negative, not {}", config.coefficient);
  require(config.kind == KlControl::fixed || (config.target > 0 && config.horizon > 0),
          "an adaptive KL coefficient needs a target and a horizon above 0, not {} and {}", config.target,
          config.horizon);
}

void KlController::update(double mean_kl, double pages) {
  if (config_.kind == KlControl::fixed || !std::isfinite(mean_kl)) return;
  const double error = std::clamp(mean_kl / config_.target - 1, -0.2, 0.2);
  coefficient_ *= 1 + error * pages / config_.horizon;
}

bool KlController::over_budget(double mean_kl) const {
  return config_.hard_stop > 0 && !(mean_kl <= config_.hard_stop);
}

}  // namespace pagewright
