#pragma once
// Sums over lanes along one fixed binary tree, so that their bits do not depend on who computed which lane.

#include <map>
#include <span>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/rl/moments.hpp"

namespace pagewright {

/// Sums over samples, by name, of one lane (counts, losses, moments); added over lanes by the lane tree in
/// double.
using LaneSums = std::map<std::string, double>;

/// Adds contiguous buffers [N] of equal size and type, a power of two of them, pairwise: lane i takes lane i
/// + 1, then i + 2, i + 4, ...; the sum is in lanes[0], the others hold partial sums.
void add_lanes(std::span<const at::Tensor> lanes);

/// The same tree over named sums; a name that a lane lacks counts as 0.
LaneSums add_lanes(std::span<const LaneSums> lanes);

/// The tree over one number per lane.
double add_lanes(std::span<const double> lanes);

/// The tree over moments.
Moments merge_lanes(std::span<const Moments> lanes);

}  // namespace pagewright
