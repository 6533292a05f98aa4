#pragma once
// Steps 2 to 4 of an iteration where other ranks do them.

#include <memory>
#include <optional>

#include "core/page/page_language.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/pipeline/page_source.hpp"
#include "distributed/sharding/learner_lanes.hpp"
#include "distributed/topology.hpp"
#include "distributed/transport/weight_sync.hpp"

namespace pagewright {

/// The first learner hands its parameters to the rollout ranks; every learner waits for the scored pages of
/// its lanes.
class ReceivedPageSource final : public PageSource {
 public:
  /// `weights` is the group of WeightPublisher on the first learner, and null on the others. References must
  /// outlive it.
  ReceivedPageSource(Communicator& world, const Topology& topology, const LearnerLanes& lanes,
                     const PageLanguage& language, const FlatParameters& parameters, Communicator* weights);

  /// Throws Error if a page was not generated from the parameters as they are now.
  ScoredPages pages(std::span<const KeyedRequest> requests, const SampleOptions& options,
                    PhaseClock& clock) override;
  void close() override;

 private:
  Communicator& world_;
  const Topology& topology_;
  const LearnerLanes& lanes_;
  const PageLanguage& language_;
  const FlatParameters& parameters_;
  std::optional<WeightPublisher> publisher_;
};

}  // namespace pagewright
