#include "rewards/baselines/oracle_policy.hpp"
#include "rewards/feedback/gains.hpp"
#include "rewards/simulator/item_walk.hpp"
#include "rewards/simulator/request_source.hpp"
#include "rewards/simulator/request_truth.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("the logging policy closes 30 to 60 percent of the gap from random to the greedy oracle") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const World world = test::small_world(seed, 2000, 800);
    const FeedbackLog log = simulate_log(world);
    const GainWeights weights = gain_weights(GainConfig{}, log);
    double random = 0, logged = 0, oracle = 0;
    for (std::size_t i = log.pages.size() - 800; i < log.pages.size(); ++i) {
      const Request& request = log.requests[static_cast<std::size_t>(log.pages[i].request)].request;
      const RequestTruth truth(world, request);
      random += truth.page(test::uniform_page(world, request, i)).utility(weights);
      logged += truth.page(log.pages[i].page).utility(weights);
      const Page best = oracle_page(truth, test::own_grammar(world.schema(), request),
                                    layout_only(world.schema()), OracleGoal::utility, weights);
      oracle += truth.page(best).utility(weights);
    }
    INFO("seed " << seed << ": random " << random / 800 << ", logged " << logged / 800 << ", oracle "
                 << oracle / 800);
    const double closed = (logged - random) / (oracle - random);
    CHECK(closed > 0.3);
    CHECK(closed < 0.6);
  }
}

}  // namespace pagewright
