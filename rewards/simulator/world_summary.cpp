#include "rewards/simulator/world_summary.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/page/page_grammar.hpp"
#include "core/page/page_structure.hpp"
#include "rewards/baselines/oracle_policy.hpp"
#include "rewards/simulator/item_walk.hpp"
#include "rewards/simulator/logging_policy.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "rewards/simulator/simulated_log.hpp"

namespace pagewright {
namespace {

void add_truth(PolicyTruth& sum, const PageTruth& truth, const GainWeights& weights) {
  sum.ctr += truth.ctr();
  sum.gmv += truth.gmv();
  sum.utility += truth.utility(weights);
}

/// n of "p<n>".
std::uint64_t page_number(const LoggedPage& page) {
  return std::stoull(page.page_id.substr(1));
}

}  // namespace

std::vector<PolicyTruth> summarise_world(const World& world, const FeedbackLog& log,
                                         const GainWeights& weights) {
  enum : std::size_t { kRandom, kLogging, kOracle, kOracleGmv, kOracleClicks };
  std::vector<PolicyTruth> policies(5);
  policies[kRandom].name = "random";
  policies[kLogging].name = "logging";
  policies[kOracle].name = "oracle";
  policies[kOracleGmv].name = "oracle_gmv";
  policies[kOracleClicks].name = "oracle_ctr";
  constexpr std::array kGoals = {OracleGoal::utility, OracleGoal::gmv, OracleGoal::clicks};

  const LayoutVocabulary vocabulary = layout_only(world.schema());
  PageStructureCache structures(world.schema());
  const bool has_test = world.config().test_requests > 0;
  double pages = 0;
  for (std::size_t i = 0; i < log.pages.size(); ++i) {
    const LoggedPage& logged = log.pages[i];
    const LoggedRequest& from = log.requests[static_cast<std::size_t>(logged.request)];
    if (logged.policy_id != kProductionPolicy || (has_test && from.split != Split::test)) continue;
    const Request& request = from.request;
    CandidateOrder order(request.candidates.size());
    std::iota(order.begin(), order.end(), 0);
    const PageGrammar grammar(world.schema(), vocabulary, request, order, structures);
    const RequestTruth truth(world, request);
    const std::vector<double> equal_scores(order.size(), 0.0);
    const CounterRandom random(world.seed(), RandomStream::baseline, 0, page_number(logged));
    add_truth(policies[kRandom],
              truth.page(draw_plackett_luce(world, grammar, equal_scores, 1.0, random).page), weights);
    add_truth(policies[kLogging], truth.page(logged.page), weights);
    for (std::size_t goal = 0; goal < kGoals.size(); ++goal)
      add_truth(policies[kOracle + goal],
                truth.page(oracle_page(truth, grammar, vocabulary, kGoals[goal], weights)), weights);
    ++pages;
  }
  require(pages > 0, "simulator: the log has no page of the production policy to sum up");
  for (PolicyTruth& policy : policies)
    for (double* sum : {&policy.ctr, &policy.gmv, &policy.utility}) *sum /= pages;
  const double gap = policies[kOracle].utility - policies[kRandom].utility;
  for (PolicyTruth& policy : policies) policy.gap_closed = (policy.utility - policies[kRandom].utility) / gap;
  return policies;
}

}  // namespace pagewright
