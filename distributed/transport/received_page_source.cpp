#include "distributed/transport/received_page_source.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "distributed/transport/page_messages.hpp"

namespace pagewright {

ReceivedPageSource::ReceivedPageSource(Communicator& world, const Topology& topology,
                                       const LearnerLanes& lanes, const PageLanguage& language,
                                       const FlatParameters& parameters, Communicator* weights)
    : world_(world), topology_(topology), lanes_(lanes), language_(language), parameters_(parameters) {
  if (weights) publisher_.emplace(*weights, parameters);
}

ScoredPages ReceivedPageSource::pages(std::span<const KeyedRequest>, const SampleOptions& options,
                                      PhaseClock& clock) {
  const auto iteration = static_cast<std::int64_t>(options.iteration);
  if (publisher_) clock.time("sync", [&] { publisher_->publish(iteration); });
  ScoredPages all;
  for (const int lane : lanes_.own()) {
    const int from = topology_.rank_of(Role::reward, lane);
    const LaneMessage message = clock.time("wait", [&] { return receive_lane(world_, from, lane); });
    require(message.iteration == iteration, "{} sends pages of iteration {} in lane {}, not of {}",
            topology_.name_of(from), message.iteration, lane, iteration);
    auto trajectories = unpack_trajectories(language_, message.trajectories);
    for (const Trajectory& page : trajectories)
      require(page.policy_version == parameters_.version(),
              "lane {}: a page of iteration {} was generated with weights of version {} instead of {}", lane,
              iteration, page.policy_version, parameters_.version());
    auto scores = unpack_scores(message.scores);
    std::ranges::move(trajectories, std::back_inserter(all.trajectories));
    std::ranges::move(scores, std::back_inserter(all.scores));
  }
  return all;
}

void ReceivedPageSource::close() {
  if (publisher_) publisher_->stop();
}

}  // namespace pagewright
