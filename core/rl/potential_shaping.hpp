#pragma once
// Potential-based shaping (Ng, Harada and Russell 1999, "Policy invariance under reward transformations").

#include <span>
#include <vector>

#include "core/iteration/trajectory.hpp"

namespace pagewright {

/// The reward term whose `slots_raw` say what each slot adds to the potential.
inline constexpr const char* kPotentialTerm = "potential";

/// F_t = gamma Phi(s_(t+1)) - Phi(s_t) of the trajectory's tokens, [T]. Phi of the state before a token is
/// the sum of `gains` ([K], what each slot adds) of the items placed so far, and 0 after the last token. So
/// sum_t gamma^t F_t = -Phi(s_0) = 0 whatever the page: no page's return changes, nor which policy is best; a
/// critic that has still much to learn sees a slot's worth where the slot is. Throws Error if the sizes do
/// not fit.
std::vector<double> shaping_rewards(const Trajectory& trajectory, std::span<const double> gains,
                                    double gamma);

}  // namespace pagewright
