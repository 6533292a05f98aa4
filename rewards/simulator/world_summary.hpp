#pragma once
// What pages are worth in a world: the frame in which policies are judged.

#include <string>
#include <vector>

#include "core/data/feedback_log.hpp"
#include "rewards/feedback/gain_weights.hpp"
#include "rewards/simulator/world.hpp"

namespace pagewright {

/// True means over requests.
struct PolicyTruth {
  std::string name;
  double ctr = 0;         ///< clicks per slot
  double gmv = 0;         ///< revenue per page, minor units
  double utility = 0;     ///< expected gain per page
  double gap_closed = 0;  ///< share of the way in utility from random to oracle
};

/// Uniformly random pages, the logged production pages, and the greedy oracles of utility, GMV and clicks,
/// over the test requests of the log, or all its requests if there are none for the test. Draws go by the
/// numbers of the pages in the whole log, so that only the requests that count need to be there.
std::vector<PolicyTruth> summarise_world(const World& world, const FeedbackLog& log,
                                         const GainWeights& weights);

}  // namespace pagewright
