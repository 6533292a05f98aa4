#pragma once
// Step 8 of an iteration where pages are generated elsewhere: weights from the learners to the rollout ranks.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "distributed/communicator.hpp"
#include "distributed/flat_parameters.hpp"

namespace pagewright {

/// What rollout ranks are to do next.
struct RolloutOrder {
  static constexpr std::int64_t kStop = -1;
  std::int64_t iteration = kStop;  ///< to generate pages for; kStop: no more
  std::int64_t version = 0;        ///< of the weights that come with it
};

/// Elements of one of the broadcasts that parameters travel in, so that a large model moves on as it arrives.
inline constexpr std::int64_t kWeightBucket = std::int64_t{1} << 22;

/// The first learner's end. Its group is this learner, as rank 0, and all rollout ranks.
class WeightPublisher {
 public:
  /// `ahead`: how many orders may be under way when the next one is given. 0: publish() waits until everybody
  /// has the weights. Otherwise they are copied and travel while this rank goes on; `ahead` + 1 copies at
  /// most are kept. References must outlive it.
  WeightPublisher(Communicator& group, const FlatParameters& parameters, int ahead)
      : group_(group), parameters_(parameters), ahead_(static_cast<std::size_t>(ahead)) {}

  /// Sends an order for `iteration` with the parameters as they are now. Returns when they may change again.
  /// All ranks of the group take part, with broadcasts of the order and of 4 bytes a trained parameter in
  /// buckets.
  void publish(std::int64_t iteration);
  /// Lets what is under way move on.
  void progress();
  /// Tells the rollout ranks that no more orders come, once they have all earlier ones.
  void stop();

 private:
  struct InFlight {
    at::Tensor values;  ///< [padded]
    std::vector<std::unique_ptr<Work>> works;
  };
  void finish_oldest();

  Communicator& group_;
  const FlatParameters& parameters_;
  std::size_t ahead_;
  std::deque<InFlight> in_flight_;
  std::vector<at::Tensor> free_;  ///< [padded] each
};

/// A rollout rank's end: owns the weights that pages are generated from.
class WeightReplica {
 public:
  /// `group` must outlive it. `start` has the shape of what comes, and the frozen parameters, which do not
  /// travel.
  WeightReplica(Communicator& group, FlatParameters start) : group_(group), parameters_(std::move(start)) {}

  /// The next order; its weights are then in place.
  RolloutOrder receive();
  WeightsView view() const { return parameters_.view(); }

 private:
  Communicator& group_;
  FlatParameters parameters_;
};

}  // namespace pagewright
