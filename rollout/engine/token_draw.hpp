#pragma once
// Draws from log-probs.

#include <cstddef>
#include <span>

#include "core/base/rng.hpp"

namespace pagewright {

/// The entry in which a uniform number falls on the summed probabilities; they need not sum to one exactly.
std::size_t draw_entry(std::span<const float> log_probs /* [n] */, CounterRandom& random);

/// The first largest entry.
std::size_t largest_entry(std::span<const float> values /* [n] */);

}  // namespace pagewright
