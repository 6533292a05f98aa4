#include "distributed/sharding/round_reducer.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "core/base/error.hpp"

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

RoundReducer::RoundReducer(Determinism determinism, const LearnerLanes& lanes, const Sharding& sharding,
                           const FlatParameters& parameters, int workers)
    : determinism_(determinism), lanes_(lanes), sharding_(sharding), ready_(parameters, sharding) {
  const auto rounds = static_cast<int>(lanes.own().size());
  for (int worker = 0; worker < std::min(workers, rounds); ++worker)
    gradients_.push_back(at::empty_like(parameters.values()));
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

void RoundReducer::run_group(LanePool& pool, const DifferentiateLane& differentiate, int first, int count) {
  ready_.begin(count);
  std::jthread workers([&] {
    try {
      pool.run(count, [&](int lane) {
        at::Tensor& flat = gradients_[static_cast<std::size_t>(lane)];
        flat.zero_();
        differentiate(first + lane, {flat, [&](std::size_t slot) { ready_.slot_done(lane, slot); }});
        ready_.lane_done(lane);
      });
    } catch (...) {
      ready_.fail(std::current_exception());
    }
  });
  for (int lane = 0; lane < count; ++lane) exchange_round(lane);
}

void RoundReducer::exchange_round(int lane) {
  at::Tensor shard;
  const at::Tensor& flat = gradients_[static_cast<std::size_t>(lane)];
  if (free_shards_.empty()) {
    shard = at::empty({sharding_.shard_size(lanes_.learners().rank())}, flat.options());
    shard_bytes_ += shard.nbytes();
  } else {
    shard = std::move(free_shards_.back());
    free_shards_.pop_back();
  }
  const auto own = static_cast<std::size_t>(lanes_.learners().rank());
  std::int64_t place = shard.numel();
  std::optional<BucketReduction> before;
  for (std::size_t bucket = sharding_.buckets().size(); bucket-- > 0;) {
    const Bucket& range = sharding_.buckets()[bucket];
    place -= range.parts[own];
    ready_.wait(lane, bucket);
    BucketReduction next(lanes_, determinism_, range, flat.narrow(0, range.begin, range.size),
                         shard.narrow(0, place, range.parts[own]));
    if (before) before->finish();
    before.emplace(std::move(next));
  }
  if (before) before->finish();
  add_round(std::move(shard));
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
