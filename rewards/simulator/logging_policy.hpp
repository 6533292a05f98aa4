#pragma once
// The policy that composed the logged pages, with the propensities of what it drew.

#include <cstdint>
#include <vector>

#include "core/base/rng.hpp"
#include "core/page/page.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/request.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

/// A page and how likely it was.
struct DrawnPage {
  Page page;
  double propensity = 1;                  ///< of the whole page, its sections included
  std::vector<double> slot_propensities;  ///< [K] of each slot's item given the slots before it
};

/// The production score of each candidate, [M]: the match as the shop estimates it (with an error of its own
/// for each user and item) and a little of the visible quality. It knows nothing of price, purchases and page
/// effects.
std::vector<double> production_scores(const World& world, const Request& request);

/// Draws a page slot by slot: an allowed candidate with probability proportional to exp(score / temperature)
/// (Plackett 1975, Luce 1959). Equal scores draw uniformly. Where the schema leaves the sections open, they
/// are drawn uniformly among what the grammar allows.
DrawnPage draw_plackett_luce(const World& world, const PageGrammar& grammar,
                             const std::vector<double>& scores, double temperature, CounterRandom random);

}  // namespace pagewright
