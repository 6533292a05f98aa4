#include "rewards/baselines/oracle_policy.hpp"

#include "core/base/error.hpp"
#include "rewards/simulator/item_walk.hpp"
#include "rewards/simulator/request_source.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

TEST_CASE("the oracle adds at each slot the candidate that raises the expectation most") {
  const World world = test::small_world(1);
  const GainWeights weights{1, 5, 1, 3500};
  for (const OracleGoal goal : {OracleGoal::utility, OracleGoal::gmv, OracleGoal::clicks}) {
    OraclePolicy oracle(world, layout_only(world.schema()), goal, weights);
    const auto value = [&](const PageTruth& truth) {
      return goal == OracleGoal::utility ? truth.utility(weights)
             : goal == OracleGoal::gmv   ? truth.gmv()
                                         : truth.ctr();
    };
    for (std::int64_t index = 0; index < 10; ++index) {
      const Request request = make_request(world, index);
      const KeyedRequest keyed{&request, 17 + index};
      SampleOptions options;
      options.samples = 2;
      const std::vector<Trajectory> pages = oracle.generate({&keyed, 1}, options);
      REQUIRE(pages.size() == 2);
      CHECK(pages[0].page == pages[1].page);
      CHECK(pages[1].sample == 1);
      CHECK(pages[0].request == 17 + index);
      CHECK(pages[0].tokens.size() == pages[0].log_probs.size());
      const Page& page = pages[0].page;
      CHECK(page_violations(world.schema(), request, page).empty());
      const std::vector<std::int32_t> items = page.items();
      std::vector<std::int32_t> filled;
      for (std::size_t k = 0; k < items.size(); ++k) {
        // The page so far, ended by each of the free candidates in turn.
        const auto ended_by = [&](std::int32_t candidate) {
          Page partial;
          partial.sections.push_back({0, {}});
          if (k >= 4) partial.sections.push_back({1, {}});
          for (std::size_t above = 0; above < k; ++above)
            partial.sections[above / 4].items.push_back(items[above]);
          partial.sections[k / 4].items.push_back(candidate);
          return value(world.truth(request, partial));
        };
        for (std::int32_t candidate = 0; candidate < 20; ++candidate)
          if (std::find(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(k), candidate) ==
              items.begin() + static_cast<std::ptrdiff_t>(k))
            CHECK(ended_by(items[k]) >= ended_by(candidate) - 1e-12);
      }
    }
  }
}

TEST_CASE("the oracle has no density") {
  const World world = test::small_world(2);
  OraclePolicy oracle(world, layout_only(world.schema()), OracleGoal::gmv, {});
  CHECK(oracle.name() == "oracle_gmv");
  CHECK_THROWS_AS(oracle.log_probs({}, {}), Error);
}

}  // namespace pagewright
