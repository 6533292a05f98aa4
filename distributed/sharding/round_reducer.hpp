#pragma once
// zero 2 and 3: gradients leave a rank bucket by bucket while its lanes are still being differentiated.

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "distributed/sharding/gradient_reducer.hpp"

namespace pagewright {

/// Which buckets of the lanes at work are complete. Worker threads mark, the communicating thread waits.
class BucketReadiness {
 public:
  BucketReadiness(const FlatParameters& parameters, const Sharding& sharding);

  void begin(int lanes);  ///< lanes 0 to lanes - 1 of a new group
  void slot_done(int lane, std::size_t slot);
  void lane_done(int lane);
  void fail(std::exception_ptr error);
  /// Throws what a worker failed with.
  void wait(int lane, std::size_t bucket);

 private:
  std::vector<std::vector<std::size_t>> buckets_of_slot_;
  std::vector<int> slots_of_bucket_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::vector<int>> missing_;  // [lanes][buckets] slots whose gradient is not complete
  std::exception_ptr error_;
};

/// In round j rank r differentiates lane j n + r. The n lanes of a round are a subtree of the lane tree: each
/// bucket is exchanged as soon as it is complete, from the last to the first, as the backward pass makes
/// them; the tree over rounds is finished on shards. As many rounds run side by side as there are threads.
/// With a LayerWindow the communicating thread also serves it, and exchanges a bucket when all lanes are
/// through with the layers in it.
class RoundReducer final : public GradientReducer {
 public:
  RoundReducer(const ShardingConfig& config, const LearnerLanes& lanes, const Sharding& sharding,
               const FlatParameters& parameters, int workers, LayerWindow* window);

  at::Tensor reduce(LanePool& pool, const DifferentiateLane& differentiate) override;
  std::size_t buffer_bytes() const override;

 private:
  void run_group(LanePool& pool, const DifferentiateLane& differentiate, int first, int count);
  void differentiate_group(LanePool& pool, const DifferentiateLane& differentiate, int first, int count);
  /// Exchanges buckets, in this order, of lane `lane` of the group; its part of the sums goes to `shard`.
  void exchange(int lane, std::span<const std::size_t> buckets, const at::Tensor& shard);
  void exchange_with_window(int count);
  at::Tensor take_shard();
  /// Adds a round's shard to its neighbours in the tree over rounds.
  void add_round(at::Tensor shard);

  Determinism determinism_;
  at::ScalarType reduction_type_;
  const LearnerLanes& lanes_;
  const Sharding& sharding_;
  LayerWindow* window_;                     ///< null with zero 2
  std::vector<std::size_t> last_to_first_;  ///< all buckets
  BucketReadiness ready_;
  std::vector<at::Tensor> gradients_;             // [workers] of [padded]
  std::vector<std::optional<at::Tensor>> level_;  // [1 + log2(rounds)] of [S]: sums of 2^level rounds
  std::vector<at::Tensor> free_shards_;           // of [S]
  std::size_t shard_bytes_ = 0;                   ///< of all shards that were made
};

}  // namespace pagewright
