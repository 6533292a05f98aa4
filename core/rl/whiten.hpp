#pragma once
// Whitening of advantages and rewards by moments that the caller took over the global batch.

#include <cstdint>
#include <span>

#include "core/rl/moments.hpp"

namespace pagewright {

/// What a centred value is divided by.
enum class WhitenDivisor {
  sqrt_of_variance_plus_eps,  ///< sqrt(var + eps)
  sqrt_of_variance_at_least,  ///< sqrt(max(var, eps))
  deviation_plus_eps          ///< sqrt(var) + eps
};

struct WhitenOptions {
  bool unbiased = true;  ///< variance over count - 1
  bool shift_mean =
      true;  ///< true: the result has mean 0; false: the mean is kept and only the scale changes
  WhitenDivisor divisor = WhitenDivisor::sqrt_of_variance_plus_eps;
  double eps = 1e-8;
};

/// Whitens `values` [N] in place; entries whose mask is 0 become 0 (an empty mask takes all).
void whiten(std::span<double> values, const Moments& moments, const WhitenOptions& options = {},
            std::span<const std::uint8_t> mask = {});

}  // namespace pagewright
