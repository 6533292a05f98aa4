#include "distributed/sharding/sharding.hpp"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "core/base/error.hpp"
#include "core/numerics/block_sum.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kUnit = kSumBlock;

/// Elements [unit `begin`, unit `end`) of a buffer, whose last unit may be smaller.
std::int64_t elements_of_units(std::int64_t begin, std::int64_t end, std::int64_t numel) {
  return std::min(end * kUnit, numel) - std::min(begin * kUnit, numel);
}

}  // namespace

Sharding::Sharding(std::int64_t numel, int ranks, std::int64_t bucket, std::span<const std::int64_t> borders)
    : numel_(numel),
      ranks_(ranks),
      pieces_(static_cast<std::size_t>(ranks)),
      shard_begins_(static_cast<std::size_t>(ranks)),
      sizes_(static_cast<std::size_t>(ranks), 0) {
  require(ranks >= 1 && bucket >= 1, "a buffer cannot be dealt to {} ranks in buckets of {}", ranks, bucket);
  const std::int64_t units = (numel + kUnit - 1) / kUnit;
  const std::int64_t bucket_units = (bucket + kUnit - 1) / kUnit;
  std::int64_t count = 0;
  for (std::int64_t first = 0; first < units; first += count) {
    count = std::min(bucket_units, units - first);
    const auto border = std::ranges::upper_bound(borders, first * kUnit);
    if (border != borders.end()) count = std::min(count, (*border + kUnit - 1) / kUnit - first);
    Bucket next{first * kUnit, {}, elements_of_units(first, first + count, numel)};
    std::int64_t place = next.begin;
    for (int rank = 0; rank < ranks; ++rank) {
      const std::int64_t size =
          elements_of_units(first + count * rank / ranks, first + count * (rank + 1) / ranks, numel);
      next.parts.push_back(size);
      std::int64_t& shard = sizes_[static_cast<std::size_t>(rank)];
      shard_begins_[static_cast<std::size_t>(rank)].push_back(shard);
      if (size > 0) pieces_[static_cast<std::size_t>(rank)].push_back({place, shard, size});
      shard += size;
      place += size;
    }
    buckets_.push_back(std::move(next));
  }
}

at::Tensor Sharding::part_of(const at::Tensor& shard, int rank, std::size_t bucket) const {
  const auto own = static_cast<std::size_t>(rank);
  return shard.narrow(0, shard_begins_[own][bucket], buckets_[bucket].parts[own]);
}

at::Tensor Sharding::shard_of(const at::Tensor& flat, int rank) const {
  at::Tensor shard = at::empty({shard_size(rank)}, flat.options());
  for (const ShardPiece& piece : pieces(rank))
    shard.narrow(0, piece.shard, piece.size).copy_(flat.narrow(0, piece.flat, piece.size));
  return shard;
}

void Sharding::put(const at::Tensor& shard, int rank, at::Tensor flat) const {
  for (const ShardPiece& piece : pieces(rank))
    flat.narrow(0, piece.flat, piece.size).copy_(shard.narrow(0, piece.shard, piece.size));
}

void Sharding::gather(Communicator& group, const at::Tensor& shard, at::Tensor flat) const {
  if (ranks_ == 1) return put(shard, 0, flat);
  std::unique_ptr<Work> before;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const Bucket& bucket = buckets_[i];
    auto work = group.all_gather(flat.narrow(0, bucket.begin, bucket.size), part_of(shard, group.rank(), i),
                                 bucket.parts);
    if (before) before->wait();
    before = std::move(work);
  }
  if (before) before->wait();
}

}  // namespace pagewright
