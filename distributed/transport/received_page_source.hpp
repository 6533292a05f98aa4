#pragma once
// Steps 2 to 4 of an iteration where other ranks do them.

#include <cstdint>
#include <deque>
#include <optional>

#include "core/page/page_language.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/pipeline/page_source.hpp"
#include "distributed/sharding/learner_lanes.hpp"
#include "distributed/topology.hpp"
#include "distributed/transport/weight_sync.hpp"

namespace pagewright {

/// An order of the first learner hands its parameters to the rollout ranks; every learner takes the scored
/// pages of its lanes.
class ReceivedPageSource final : public PageSource {
 public:
  /// `weights` is the group of WeightPublisher on the first learner, and null on the others; `ahead` as
  /// there. References must outlive it.
  ReceivedPageSource(Communicator& world, const Topology& topology, const LearnerLanes& lanes,
                     const PageLanguage& language, const FlatParameters& parameters, Communicator* weights,
                     int ahead);

  /// The rollout ranks draw the requests for themselves.
  void order(std::span<const KeyedRequest> requests, const SampleOptions& options,
             PhaseClock& clock) override;
  ScoredPages take(PhaseClock& clock) override;
  void progress() override;
  void close() override;

 private:
  Communicator& world_;
  const Topology& topology_;
  const LearnerLanes& lanes_;
  const PageLanguage& language_;
  std::optional<WeightPublisher> publisher_;
  std::deque<std::int64_t> ordered_;  ///< iterations
};

}  // namespace pagewright
