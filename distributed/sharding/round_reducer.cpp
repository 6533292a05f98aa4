#include "distributed/sharding/round_reducer.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "core/base/error.hpp"
#include "distributed/sharding/layer_window.hpp"

namespace pagewright {

BucketReadiness::BucketReadiness(const FlatParameters& parameters, const Sharding& sharding)
    : buckets_of_slot_(parameters.slots().size()), slots_of_bucket_(sharding.buckets().size(), 0) {
  for (std::size_t slot = 0; slot < buckets_of_slot_.size(); ++slot) {
    const FlatSlot& range = parameters.slots()[slot];
    for (std::size_t bucket = 0; bucket < slots_of_bucket_.size(); ++bucket) {
      const Bucket& other = sharding.buckets()[bucket];
      if (range.offset >= other.end() || range.offset + range.numel <= other.begin) continue;
      buckets_of_slot_[slot].push_back(bucket);
      ++slots_of_bucket_[bucket];
    }
  }
}

void BucketReadiness::begin(int lanes) {
  const std::lock_guard lock(mutex_);
  missing_.assign(static_cast<std::size_t>(lanes), slots_of_bucket_);
  error_ = nullptr;
}

void BucketReadiness::slot_done(int lane, std::size_t slot) {
  const std::lock_guard lock(mutex_);
  for (const std::size_t bucket : buckets_of_slot_[slot]) --missing_[static_cast<std::size_t>(lane)][bucket];
  changed_.notify_all();
}

void BucketReadiness::lane_done(int lane) {
  const std::lock_guard lock(mutex_);
  std::ranges::fill(missing_[static_cast<std::size_t>(lane)], 0);
  changed_.notify_all();
}

void BucketReadiness::fail(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  changed_.notify_all();
}

void BucketReadiness::wait(int lane, std::size_t bucket) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || missing_[static_cast<std::size_t>(lane)][bucket] <= 0; });
  if (error_) std::rethrow_exception(error_);
}

RoundReducer::RoundReducer(const ShardingConfig& config, const LearnerLanes& lanes, const Sharding& sharding,
                           const FlatParameters& parameters, int workers, LayerWindow* window)
    : determinism_(config.determinism),
      reduction_type_(config.reduction_type(parameters.dtype())),
      lanes_(lanes),
      sharding_(sharding),
      window_(window),
      ready_(parameters, sharding) {
  for (std::size_t bucket = sharding.buckets().size(); bucket-- > 0;) last_to_first_.push_back(bucket);
  const auto rounds = static_cast<int>(lanes.own().size());
  for (int worker = 0; worker < std::min(workers, rounds); ++worker)
    gradients_.push_back(at::empty_like(
        parameters.values(), parameters.values().options().dtype(config.gradient_type(parameters.dtype()))));
}

std::size_t RoundReducer::buffer_bytes() const {
  return gradients_.size() * gradients_.front().nbytes() + shard_bytes_;
}

at::Tensor RoundReducer::reduce(LanePool& pool, const DifferentiateLane& differentiate) {
  for (auto& level : level_)
    if (level) free_shards_.push_back(std::move(*level));
  level_.clear();
  const auto rounds = static_cast<int>(lanes_.own().size()), width = static_cast<int>(gradients_.size());
  for (int first = 0; first < rounds; first += width)
    run_group(pool, differentiate, first, std::min(width, rounds - first));
  require(!level_.empty() && level_.back().has_value(), "the tree over rounds is not complete");
  return *level_.back();
}

void RoundReducer::differentiate_group(LanePool& pool, const DifferentiateLane& differentiate, int first,
                                       int count) {
  // A lane that fails says so at once: the others may be waiting for what the communicating thread gathers.
  const auto fail = [&] {
    ready_.fail(std::current_exception());
    if (window_) window_->fail(std::current_exception());
  };
  try {
    pool.run(count, [&](int lane) {
      try {
        at::Tensor& flat = gradients_[static_cast<std::size_t>(lane)];
        flat.zero_();
        differentiate(first + lane, {flat, [&](std::size_t slot) { ready_.slot_done(lane, slot); }, lane});
        ready_.lane_done(lane);
      } catch (...) {
        fail();
        throw;
      }
    });
  } catch (...) {
    fail();
  }
}

void RoundReducer::run_group(LanePool& pool, const DifferentiateLane& differentiate, int first, int count) {
  ready_.begin(count);
  if (window_) window_->begin_group(count);
  std::jthread workers([&] { differentiate_group(pool, differentiate, first, count); });
  if (window_) return exchange_with_window(count);
  for (int lane = 0; lane < count; ++lane) {
    at::Tensor shard = take_shard();
    exchange(lane, last_to_first_, shard);
    add_round(std::move(shard));
  }
}

void RoundReducer::exchange_with_window(int count) {
  std::vector<at::Tensor> shards;
  for (int lane = 0; lane < count; ++lane) shards.push_back(take_shard());
  const auto exchange_after = [&](std::int64_t layer) {
    for (int lane = 0; lane < count; ++lane)
      exchange(lane, window_->units().completed_by(layer), shards[static_cast<std::size_t>(lane)]);
  };
  try {
    window_->serve(exchange_after);
    exchange_after(LayerUnits::kRoot);
  } catch (...) {
    window_->fail(std::current_exception());  // lanes must not wait for layers that nobody gathers
    throw;
  }
  for (at::Tensor& shard : shards) add_round(std::move(shard));
}

at::Tensor RoundReducer::take_shard() {
  if (free_shards_.empty()) {
    at::Tensor shard = at::empty({sharding_.shard_size(lanes_.learners().rank())},
                                 gradients_.front().options().dtype(reduction_type_));
    shard_bytes_ += shard.nbytes();
    return shard;
  }
  at::Tensor shard = std::move(free_shards_.back());
  free_shards_.pop_back();
  return shard;
}

void RoundReducer::exchange(int lane, std::span<const std::size_t> buckets, const at::Tensor& shard) {
  const at::Tensor& flat = gradients_[static_cast<std::size_t>(lane)];
  std::optional<BucketReduction> before;
  for (const std::size_t bucket : buckets) {
    const Bucket& range = sharding_.buckets()[bucket];
    ready_.wait(lane, bucket);
    BucketReduction next(lanes_, determinism_, range,
                         flat.narrow(0, range.begin, range.size).to(reduction_type_),
                         sharding_.part_of(shard, lanes_.learners().rank(), bucket));
    if (before) before->finish();
    before.emplace(std::move(next));
  }
  if (before) before->finish();
}

void RoundReducer::add_round(at::Tensor shard) {
  std::size_t level = 0;
  for (; level < level_.size() && level_[level]; ++level) {
    level_[level]->add_(shard);
    free_shards_.push_back(std::exchange(shard, std::move(*level_[level])));
    level_[level].reset();
  }
  if (level == level_.size()) level_.emplace_back();
  level_[level] = std::move(shard);
}

}  // namespace pagewright
