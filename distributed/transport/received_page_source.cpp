#include "distributed/transport/received_page_source.hpp"

#include <algorithm>
#include <iterator>

#include "core/base/error.hpp"
#include "distributed/transport/page_messages.hpp"

namespace pagewright {

ReceivedPageSource::ReceivedPageSource(Communicator& world, const Topology& topology,
                                       const LearnerLanes& lanes, const PageLanguage& language,
                                       const FlatParameters& parameters, Communicator* weights, int ahead)
    : world_(world), topology_(topology), lanes_(lanes), language_(language) {
  if (weights) publisher_.emplace(*weights, parameters, ahead);
}

void ReceivedPageSource::order(std::span<const KeyedRequest>, const SampleOptions& options,
                               PhaseClock& clock) {
  ordered_.push_back(static_cast<std::int64_t>(options.iteration));
  if (publisher_) clock.time("sync", [&] { publisher_->publish(ordered_.back()); });
}

ScoredPages ReceivedPageSource::take(PhaseClock& clock) {
  require(!ordered_.empty(), "pages are taken that were not ordered");
  const std::int64_t iteration = ordered_.front();
  ordered_.pop_front();
  ScoredPages all;
  for (const int lane : lanes_.own()) {
    const int from = topology_.rank_of(Role::reward, lane);
    const LaneMessage message = clock.time("wait", [&] { return receive_lane(world_, from, lane); });
    require(message.iteration == iteration, "{} sends pages of iteration {} in lane {}, not of {}",
            topology_.name_of(from), message.iteration, lane, iteration);
    std::ranges::move(unpack_trajectories(language_, message.trajectories),
                      std::back_inserter(all.trajectories));
    std::ranges::move(unpack_scores(message.scores), std::back_inserter(all.scores));
  }
  return all;
}

void ReceivedPageSource::progress() {
  if (publisher_) publisher_->progress();
}

void ReceivedPageSource::close() {
  if (publisher_) publisher_->stop();
}

}  // namespace pagewright
