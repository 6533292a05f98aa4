#include "distributed/transport/role_workers.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "distributed/pipeline/page_source.hpp"

namespace pagewright {
namespace {

/// The `index`-th of `lanes` equal parts.
template <class T>
std::span<T> share_of(std::span<T> all, std::size_t index, std::size_t lanes) {
  const std::size_t share = all.size() / lanes;
  return all.subspan(index * share, share);
}

}  // namespace

WorkerReport RolloutDuty::run() {
  const std::vector<int> lanes = topology.lanes_of(Role::rollout, world.rank());
  LaneOutbox outbox(world, lanes.size());
  WorkerReport report;
  for (;;) {
    const RolloutOrder order = weights.receive();
    const bool stop = order.iteration == RolloutOrder::kStop;
    std::vector<Trajectory> pages;
    if (!stop) {
      options.iteration = static_cast<std::uint64_t>(order.iteration);
      if (on_iteration) on_iteration(order.iteration);
      pages = generator.generate(draw.draw(options.iteration, lanes), options);
      report.pages += std::ssize(pages);
      ++report.iterations;
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      LaneMessage message;
      if (!stop) {
        message.iteration = order.iteration;
        message.trajectories =
            pack_trajectories(share_of(std::span<const Trajectory>(pages), i, lanes.size()));
      }
      outbox.send(topology.rank_of(Role::reward, lanes[i]), lanes[i], message);
    }
    if (stop) break;
  }
  outbox.drain();
  return report;
}

WorkerReport RewardDuty::run() {
  const std::vector<int> lanes = topology.lanes_of(Role::reward, world.rank());
  LaneOutbox outbox(world, lanes.size());
  WorkerReport report;
  for (;;) {
    std::vector<LaneMessage> messages;
    std::vector<Trajectory> pages;
    for (const int lane : lanes) {
      messages.push_back(receive_lane(world, topology.rank_of(Role::rollout, lane), lane));
      require(messages.back().iteration == messages.front().iteration,
              "lane {} sends pages of iteration {}, lane {} of {}", lane, messages.back().iteration,
              lanes.front(), messages.front().iteration);
      if (messages.back().iteration == LaneMessage::kEnd) continue;
      auto of_lane = unpack_trajectories(language, messages.back().trajectories);
      std::ranges::move(of_lane, std::back_inserter(pages));
    }
    const std::int64_t iteration = messages.front().iteration;
    if (iteration == LaneMessage::kEnd) break;
    if (on_iteration) on_iteration(iteration);
    const auto requests =
        repeat_for_samples(draw.draw(static_cast<std::uint64_t>(iteration), lanes), samples);
    const std::vector<Score> scores = scorer.score(requests, pages);
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      messages[i].scores = pack_scores(share_of(std::span<const Score>(scores), i, lanes.size()));
      outbox.send(topology.rank_of(Role::learner, lanes[i]), lanes[i], messages[i]);
    }
    report.pages += std::ssize(pages);
    ++report.iterations;
  }
  outbox.drain();
  return report;
}

}  // namespace pagewright
