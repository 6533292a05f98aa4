#include "distributed/topology.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

using namespace pagewright;

namespace {

PlacementConfig split_placement(int learner, int rollout, int reward) {
  return {Placement::split, learner, rollout, reward};
}

}  // namespace

TEST_CASE("colocated ranks have every role for the same lanes") {
  for (const int ranks : {1, 2, 4, 8})
    for (const LaneOrder order : {LaneOrder::contiguous, LaneOrder::strided}) {
      const Topology topology({}, ranks, 8, order);
      std::vector<int> seen;
      for (int rank = 0; rank < ranks; ++rank) {
        const std::vector<int> lanes = topology.lanes_of(Role::learner, rank);
        CHECK(std::ssize(lanes) == 8 / ranks);
        CHECK(topology.lanes_of(Role::rollout, rank) == lanes);
        CHECK(topology.lanes_of(Role::reward, rank) == lanes);
        for (const int lane : lanes) CHECK(topology.rank_of(Role::learner, lane) == rank);
        seen.insert(seen.end(), lanes.begin(), lanes.end());
      }
      std::ranges::sort(seen);
      CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
    }
  CHECK(Topology({}, 4, 8).lanes_of(Role::rollout, 3) == std::vector<int>{6, 7});
  CHECK(Topology({}, 4, 8, LaneOrder::strided).lanes_of(Role::learner, 3) == std::vector<int>{3, 7});
  CHECK(Topology({}, 4, 8).lanes_of(Role::reward, 4).empty());
  CHECK(Topology({}, 2, 8).name_of(1) == "rank 1");
}

TEST_CASE("split ranks have one role each, and every role has every lane once") {
  const Topology topology(split_placement(2, 3, 1), 6, 8);
  CHECK(topology.ranks_of(Role::learner) == std::vector<int>{0, 1});
  CHECK(topology.ranks_of(Role::rollout) == std::vector<int>{2, 3, 4});
  CHECK(topology.ranks_of(Role::reward) == std::vector<int>{5});
  for (const Role role : {Role::learner, Role::rollout, Role::reward}) {
    std::vector<int> seen;
    for (int rank = 0; rank < 6; ++rank) {
      const std::vector<int> lanes = topology.lanes_of(role, rank);
      CHECK(lanes.empty() != topology.has_role(role, rank));
      for (const int lane : lanes) CHECK(topology.rank_of(role, lane) == rank);
      seen.insert(seen.end(), lanes.begin(), lanes.end());
    }
    CHECK(seen == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7});
  }
  CHECK(topology.name_of(1) == "learner 1");
  CHECK(topology.name_of(3) == "rollout 1");
  CHECK(topology.name_of(5) == "reward 0");
}

TEST_CASE("an impossible placement is refused with the nearest possible one") {
  CHECK_THROWS_WITH(Topology({}, 1, 6),
                    "lanes must be a power of two, not 6: sums over lanes follow a binary tree");
  CHECK_THROWS_WITH(
      Topology({}, 16, 8),
      "placement colocated: 16 learner ranks cannot share 8 lanes, their number must be a power "
      "of two up to the lanes; the nearest is 8 ranks");
  CHECK_THROWS_WITH(Topology({}, 3, 8),
                    "placement colocated: 3 learner ranks cannot share 8 lanes, their number must be a power "
                    "of two up to the lanes; the nearest is 2 ranks");
  CHECK_THROWS_WITH(Topology(split_placement(2, 3, 1), 8, 8),
                    "placement split (learner: 2, rollout: 3, reward: 1): the roles need 6 ranks, but 8 were "
                    "started; the nearest for 8 ranks is learner: 2, rollout: 5, reward: 1");
  CHECK_THROWS_WITH(Topology(split_placement(3, 2, 1), 6, 8),
                    "placement split (learner: 3, rollout: 2, reward: 1): learners must be a power of two up "
                    "to the 8 lanes; the nearest for 6 ranks is learner: 2, rollout: 3, reward: 1");
  CHECK_THROWS_WITH(Topology(split_placement(1, 9, 1), 11, 8),
                    "placement split (learner: 1, rollout: 9, reward: 1): no role can have more ranks than "
                    "there are lanes (8); the nearest is learner: 1, rollout: 8, reward: 1 on 10 ranks");
  CHECK(test::contains(test::error_text([] { Topology(split_placement(1, 1, 1), 2, 8); }),
                       "at least 3 ranks are needed"));
}

TEST_CASE("requests that do not divide by lanes and mini-batches are refused with the nearest number") {
  CHECK(requests_per_lane_and_mini_batch(64, 8, 2) == 4);
  CHECK_THROWS_WITH(
      requests_per_lane_and_mini_batch(60, 8, 2),
      "requests (60) must be a multiple of lanes x mini_batches = 8 x 2 = 16; the nearest is 64");
  CHECK_THROWS_WITH(
      requests_per_lane_and_mini_batch(3, 8, 2),
      "requests (3) must be a multiple of lanes x mini_batches = 8 x 2 = 16; the nearest is 16");
}
