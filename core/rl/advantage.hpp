#pragma once
// Generalised advantage estimation (Schulman et al. 2016).

#include <cstdint>
#include <span>
#include <vector>

namespace pagewright {

struct Advantages {
  std::vector<double> advantage;  ///< [T]
  std::vector<double> returns;    ///< [T] advantage + value: what the critic learns
};

/// delta_t = r_t + gamma V_next - V_t, A_t = delta_t + gamma lambda A_next, over one sequence of T tokens,
/// where "next" is the next token whose mask is not 0: a gap is as if removed. Tokens of mask 0 get 0 (an
/// empty mask takes all). After the last token the value is `bootstrap`: 0 for a sequence that ended, V of
/// the state behind the last token for one that was cut off.
Advantages generalised_advantages(std::span<const double> rewards /* [T] */,
                                  std::span<const double> values /* [T] */, double gamma, double lambda,
                                  std::span<const std::uint8_t> mask = {}, double bootstrap = 0);

}  // namespace pagewright
