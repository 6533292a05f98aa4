#pragma once
// Step 8 of an iteration where pages are generated elsewhere: weights from the learners to the rollout ranks.

#include <cstdint>

#include "distributed/communicator.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {

/// What rollout ranks are to do next.
struct RolloutOrder {
  static constexpr std::int64_t kStop = -1;
  std::int64_t iteration = kStop;  ///< to generate pages for; kStop: no more
  std::int64_t version = 0;        ///< of the weights that come with it
};

/// The first learner's end. Its group is this learner, as rank 0, and all rollout ranks.
class WeightPublisher {
 public:
  /// `group` and `parameters` must outlive it.
  WeightPublisher(Communicator& group, const FlatParameters& parameters)
      : group_(group), parameters_(parameters) {}

  /// Sends an order for `iteration` with the parameters as they are now. Returns when they may change again.
  /// All ranks of the group take part, with two broadcasts: of the order, and of 4 bytes a parameter.
  void publish(std::int64_t iteration);
  void stop();

 private:
  Communicator& group_;
  const FlatParameters& parameters_;
};

/// A rollout rank's end: owns the weights that pages are generated from.
class WeightReplica {
 public:
  /// `group` must outlive it.
  WeightReplica(Communicator& group, ModelConfig config) : group_(group), parameters_(std::move(config)) {}

  /// The next order; its weights are then in place.
  RolloutOrder receive();
  WeightsView view() const { return parameters_.view(); }

 private:
  Communicator& group_;
  FlatParameters parameters_;
};

}  // namespace pagewright
