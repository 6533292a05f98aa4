#include "distributed/sharding/gradient_reducer.hpp"

#include <algorithm>
#include <optional>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "core/base/error.hpp"
#include "distributed/sharding/gradient_tree.hpp"
#include "distributed/sharding/round_reducer.hpp"

namespace pagewright {

BucketReduction::BucketReduction(const LearnerLanes& lanes, Determinism determinism, const Bucket& bucket,
                                 const at::Tensor& values, at::Tensor part)
    : ranks_(lanes.learners().size()), part_(std::move(part)) {
  if (determinism == Determinism::fast) {
    work_ = lanes.learners().reduce_scatter(part_, values, bucket.parts);
    return;
  }
  received_ = at::empty({ranks_ * part_.numel()}, values.options());
  const std::vector<std::int64_t> equal(static_cast<std::size_t>(ranks_), part_.numel());
  work_ = lanes.learners().all_to_all(received_, values, bucket.parts, equal);
}

void BucketReduction::finish() {
  work_->wait();
  if (!received_.defined()) return;
  std::vector<at::Tensor> rows;
  for (std::int64_t rank = 0; rank < ranks_; ++rank)
    rows.push_back(received_.narrow(0, rank * part_.numel(), part_.numel()));
  if (part_.numel() > 0) add_lanes(std::span<const at::Tensor>(rows));
  part_.copy_(rows.front());
}

namespace {

/// zero 0 and 1.
class SubtreeReducer final : public GradientReducer {
 public:
  SubtreeReducer(const ShardingConfig& config, const LearnerLanes& lanes, const Sharding& sharding,
                 at::ScalarType gradient_type, const at::Tensor& like, int workers)
      : config_(config),
        gradient_type_(gradient_type),
        lanes_(lanes),
        sharding_(sharding),
        tree_(like, static_cast<int>(lanes.own().size()), workers),
        own_lanes_(static_cast<int>(lanes.own().size())),
        lanes_at_once_(std::min(workers, own_lanes_)) {
    if (like.scalar_type() != gradient_type_)
      narrow_bytes_ = static_cast<std::size_t>(like.numel()) * c10::elementSize(gradient_type_);
    if (lanes.learners().size() > 1)
      shard_ = at::empty({sharding.shard_size(lanes.learners().rank())}, like.options());
  }

  at::Tensor reduce(LanePool& pool, const DifferentiateLane& differentiate) override {
    if (sum_.defined()) tree_.release(std::move(sum_));
    add_own_lanes(pool, differentiate);
    if (lanes_.learners().size() == 1) return sum_;
    if (config_.zero == 0 && config_.determinism == Determinism::fast) {
      for (const Bucket& bucket : sharding_.buckets())
        lanes_.learners().all_reduce(sum_.narrow(0, bucket.begin, bucket.size), ReduceOp::sum)->wait();
      return sum_;
    }
    reduce_to_shard();
    if (config_.zero > 0) return shard_;
    sharding_.gather(lanes_.learners(), shard_, sum_);
    return sum_;
  }

  std::size_t buffer_bytes() const override {
    return tree_.buffers() * (sum_.defined() ? sum_.nbytes() : 0) +
           static_cast<std::size_t>(lanes_at_once_) * narrow_bytes_ +
           (shard_.defined() ? shard_.nbytes() : 0);
  }

 private:
  void add_own_lanes(LanePool& pool, const DifferentiateLane& differentiate) {
    try {
      pool.run(own_lanes_, [&](int lane) {
        at::Tensor sum = tree_.begin_lane(lane);
        const bool same = sum.scalar_type() == gradient_type_;
        try {
          const LaneGradient gradient{same ? sum : at::zeros_like(sum, sum.options().dtype(gradient_type_)),
                                      {}};
          differentiate(lane, gradient);
          if (!same) sum.copy_(gradient.flat);
        } catch (...) {
          tree_.release(std::move(sum));
          throw;
        }
        tree_.end_lane(lane, std::move(sum));
      });
    } catch (...) {
      tree_.clear();
      throw;
    }
    sum_ = tree_.take();
  }

  void reduce_to_shard() {
    std::optional<BucketReduction> before;
    for (std::size_t i = 0; i < sharding_.buckets().size(); ++i) {
      const Bucket& bucket = sharding_.buckets()[i];
      BucketReduction next(lanes_, config_.determinism, bucket, sum_.narrow(0, bucket.begin, bucket.size),
                           sharding_.part_of(shard_, lanes_.learners().rank(), i));
      if (before) before->finish();
      before.emplace(std::move(next));
    }
    if (before) before->finish();
  }

  ShardingConfig config_;
  at::ScalarType gradient_type_;
  const LearnerLanes& lanes_;
  const Sharding& sharding_;
  GradientTree tree_;
  int own_lanes_, lanes_at_once_;
  std::size_t narrow_bytes_ = 0;  ///< of a lane's gradient before it is widened into a buffer of the tree
  at::Tensor sum_;                // [padded]
  at::Tensor shard_;              // [S]; undefined on one rank
};

}  // namespace

std::unique_ptr<GradientReducer> make_gradient_reducer(const ShardingConfig& config,
                                                       const LearnerLanes& lanes, const Sharding& sharding,
                                                       const FlatParameters& parameters, int workers,
                                                       LayerWindow* window) {
  require(parameters.values().is_cpu() || config.determinism == Determinism::fast,
          "determinism exact is for the CPU: on {} sums and products do not repeat bit for bit; set "
          "determinism: fast",
          parameters.values().device().str());
  if (config.zero >= 2)
    return std::make_unique<RoundReducer>(config, lanes, sharding, parameters, workers, window);
  const at::ScalarType type = config.reduction_type(parameters.dtype());
  const at::Tensor like = type == parameters.dtype()
                              ? parameters.values()
                              : at::empty({parameters.numel()}, parameters.values().options().dtype(type));
  return std::make_unique<SubtreeReducer>(config, lanes, sharding, config.gradient_type(parameters.dtype()),
                                          like, workers);
}

}  // namespace pagewright
