#include "distributed/topology.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "core/base/error.hpp"
#include "core/config/section.hpp"

namespace pagewright {
namespace {

bool is_power_of_two(int number) {
  return number > 0 && std::has_single_bit(static_cast<unsigned>(number));
}

int power_of_two_up_to(int number) {
  return number < 1 ? 1 : static_cast<int>(std::bit_floor(static_cast<unsigned>(number)));
}

/// Lanes that member `member` of `count` takes: contiguous, as equal as can be.
std::vector<int> lane_run(int lanes, int member, int count) {
  const int begin = lanes * member / count, end = lanes * (member + 1) / count;
  std::vector<int> run(static_cast<std::size_t>(end - begin));
  std::iota(run.begin(), run.end(), begin);
  return run;
}

std::string split_text(int learner, int rollout, int reward) {
  return fmt::format("learner: {}, rollout: {}, reward: {}", learner, rollout, reward);
}

/// The placement with `ranks` ranks that is closest to the one wanted.
std::string nearest_split(const PlacementConfig& wanted, int ranks, int lanes) {
  if (ranks < 3) return "at least 3 ranks are needed for one of each role";
  const int learner = power_of_two_up_to(std::min({wanted.learner, lanes, ranks - 2}));
  const int reward = std::clamp(wanted.reward, 1, std::min(lanes, ranks - learner - 1));
  const int rollout = std::min(lanes, ranks - learner - reward);
  if (learner + rollout + reward == ranks)
    return fmt::format("the nearest for {} ranks is {}", ranks, split_text(learner, rollout, reward));
  return fmt::format("the nearest is {} on {} ranks", split_text(learner, rollout, reward),
                     learner + rollout + reward);
}

void check_colocated(int ranks, int lanes) {
  require(
      is_power_of_two(ranks) && ranks <= lanes,
      "placement colocated: {} learner ranks cannot share {} lanes, their number must be a power of two up "
      "to the lanes; the nearest is {} ranks",
      ranks, lanes, power_of_two_up_to(std::min(ranks, lanes)));
}

void check_split(const PlacementConfig& config, int ranks, int lanes) {
  const auto impossible = [&](const std::string& why) {
    fail("placement split ({}): {}; {}", split_text(config.learner, config.rollout, config.reward), why,
         nearest_split(config, ranks, lanes));
  };
  const int sum = config.learner + config.rollout + config.reward;
  if (sum != ranks) impossible(fmt::format("the roles need {} ranks, but {} were started", sum, ranks));
  if (!is_power_of_two(config.learner) || config.learner > lanes)
    impossible(fmt::format("learners must be a power of two up to the {} lanes", lanes));
  if (config.rollout > lanes || config.reward > lanes)
    impossible(fmt::format("no role can have more ranks than there are lanes ({})", lanes));
}

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::learner:
      return "learner";
    case Role::rollout:
      return "rollout";
    case Role::reward:
      return "reward";
  }
  fail("unknown role {}", static_cast<int>(role));
}

PlacementConfig PlacementConfig::from(const Section& section) {
  PlacementConfig config;
  section.read_enum("placement", config.placement,
                    {{"colocated", Placement::colocated}, {"split", Placement::split}},
                    "colocated: every rank generates, scores and learns its lanes; split: every rank has one "
                    "role, and their counts are those below");
  section.read("learner", config.learner, at_least(1).in_units("ranks"),
               "with split: ranks that learn, a power of two");
  section.read("rollout", config.rollout, at_least(1).in_units("ranks"),
               "with split: ranks that generate pages");
  section.read("reward", config.reward, at_least(1).in_units("ranks"), "with split: ranks that score pages");
  return config;
}

Topology::Topology(const PlacementConfig& config, int ranks, int lanes, LaneOrder order)
    : config_(config), ranks_(ranks), lanes_(lanes), order_(order) {
  require(is_power_of_two(lanes),
          "lanes must be a power of two, not {}: sums over lanes follow a binary tree", lanes);
  config_.placement == Placement::colocated ? check_colocated(ranks, lanes)
                                            : check_split(config_, ranks, lanes);
}

int Topology::count_of(Role role) const {
  if (config_.placement == Placement::colocated) return ranks_;
  return role == Role::learner ? config_.learner : role == Role::rollout ? config_.rollout : config_.reward;
}

int Topology::begin_of(Role role) const {
  if (config_.placement == Placement::colocated || role == Role::learner) return 0;
  return role == Role::rollout ? config_.learner : config_.learner + config_.rollout;
}

std::vector<int> Topology::ranks_of(Role role) const {
  std::vector<int> ranks(static_cast<std::size_t>(count_of(role)));
  std::iota(ranks.begin(), ranks.end(), begin_of(role));
  return ranks;
}

bool Topology::has_role(Role role, int rank) const {
  return rank >= begin_of(role) && rank < begin_of(role) + count_of(role);
}

std::vector<int> Topology::lanes_of(Role role, int rank) const {
  if (!has_role(role, rank)) return {};
  const int member = rank - begin_of(role);
  const bool as_learners = config_.placement == Placement::colocated || role == Role::learner;
  if (!as_learners || order_ == LaneOrder::contiguous) return lane_run(lanes_, member, count_of(role));
  std::vector<int> lanes;
  for (int lane = member; lane < lanes_; lane += count_of(role)) lanes.push_back(lane);
  return lanes;
}

int Topology::rank_of(Role role, int lane) const {
  for (const int rank : ranks_of(role)) {
    const std::vector<int> lanes = lanes_of(role, rank);
    if (std::ranges::find(lanes, lane) != lanes.end()) return rank;
  }
  fail("there is no lane {} of {}", lane, lanes_);
}

std::string Topology::name_of(int rank) const {
  if (config_.placement == Placement::colocated) return fmt::format("rank {}", rank);
  for (const Role role : {Role::learner, Role::rollout, Role::reward})
    if (has_role(role, rank)) return fmt::format("{} {}", role_name(role), rank - begin_of(role));
  fail("there is no rank {} of {}", rank, ranks_);
}

std::int64_t requests_per_lane_and_mini_batch(std::int64_t requests, int lanes, int mini_batches) {
  require(mini_batches >= 1, "mini_batches must be at least 1, not {}", mini_batches);
  const std::int64_t unit = static_cast<std::int64_t>(lanes) * mini_batches;
  const std::int64_t nearest = std::max<std::int64_t>(1, (requests + unit / 2) / unit) * unit;
  require(requests == nearest,
          "requests ({}) must be a multiple of lanes x mini_batches = {} x {} = {}; the nearest is {}",
          requests, lanes, mini_batches, unit, nearest);
  return requests / unit;
}

}  // namespace pagewright
