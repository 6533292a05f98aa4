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

Sharding::Sharding(std::int64_t numel, int ranks, std::int64_t bucket)
    : numel_(numel),
      ranks_(ranks),
      pieces_(static_cast<std::size_t>(ranks)),
      sizes_(static_cast<std::size_t>(ranks), 0) {
  require(ranks >= 1 && bucket >= 1, "a buffer cannot be dealt to {} ranks in buckets of {}", ranks, bucket);
  const std::int64_t units = (numel + kUnit - 1) / kUnit;
  const std::int64_t bucket_units = (bucket + kUnit - 1) / kUnit;
  for (std::int64_t first = 0; first < units; first += bucket_units) {
    const std::int64_t count = std::min(bucket_units, units - first);
    Bucket next{first * kUnit, {}, elements_of_units(first, first + count, numel)};
    std::int64_t place = next.begin;
    for (int rank = 0; rank < ranks; ++rank) {
      const std::int64_t size =
          elements_of_units(first + count * rank / ranks, first + count * (rank + 1) / ranks, numel);
      next.parts.push_back(size);
      std::int64_t& shard = sizes_[static_cast<std::size_t>(rank)];
      if (size > 0) pieces_[static_cast<std::size_t>(rank)].push_back({place, shard, size});
      shard += size;
      place += size;
    }
    buckets_.push_back(std::move(next));
  }
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
  const auto own = static_cast<std::size_t>(group.rank());
  std::int64_t place = 0;
  std::unique_ptr<Work> before;
  for (const Bucket& bucket : buckets_) {
    const std::int64_t size = bucket.parts[own];
    auto work = group.all_gather(flat.narrow(0, bucket.begin, bucket.size), shard.narrow(0, place, size),
                                 bucket.parts);
    place += size;
    if (before) before->wait();
    before = std::move(work);
  }
  if (before) before->wait();
}

}  // namespace pagewright
