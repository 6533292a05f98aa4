#pragma once
// How a flat buffer is cut into buckets, and every bucket over ranks.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "distributed/communicator.hpp"

namespace pagewright {

/// A range of the flat buffer that is exchanged at once.
struct Bucket {
  std::int64_t begin = 0;
  std::vector<std::int64_t> parts;  ///< [ranks] elements of each rank, in order
  std::int64_t size = 0;
  std::int64_t end() const { return begin + size; }
};

/// A run of elements that lies together in the flat buffer and in a rank's shard.
struct ShardPiece {
  std::int64_t flat = 0;   ///< first element in the flat buffer
  std::int64_t shard = 0;  ///< first element in the shard
  std::int64_t size = 0;
};

/// The flat buffer [N] is cut into buckets, and each bucket into one part a rank; a rank's shard [S] is its
/// parts of all buckets, one after the other. All borders are multiples of kSumBlock elements, so that norms
/// over blocks and AdamW do not see them (Note [Lanes] 4).
class Sharding {
 public:
  /// Buckets of at least `bucket` elements, the last one smaller; `borders`, multiples of kSumBlock in
  /// ascending order, end a bucket as well. Throws Error unless `ranks` and `bucket` are positive.
  Sharding(std::int64_t numel, int ranks, std::int64_t bucket, std::span<const std::int64_t> borders = {});

  std::int64_t numel() const { return numel_; }
  int ranks() const { return ranks_; }
  std::span<const Bucket> buckets() const { return buckets_; }
  /// One for each bucket in which the rank has a part.
  std::span<const ShardPiece> pieces(int rank) const { return pieces_[static_cast<std::size_t>(rank)]; }
  std::int64_t shard_size(int rank) const { return sizes_[static_cast<std::size_t>(rank)]; }

  /// The rank's part of a bucket, in its shard [S].
  at::Tensor part_of(const at::Tensor& shard, int rank, std::size_t bucket) const;
  /// A copy of the rank's shard of `flat` [N]: [S].
  at::Tensor shard_of(const at::Tensor& flat, int rank) const;
  /// Copies a rank's shard [S] to its places in `flat` [N].
  void put(const at::Tensor& shard, int rank, at::Tensor flat) const;
  /// Every rank's shard into the `flat` [N] of all ranks; `shard` [S] is this rank's. One all-gather a
  /// bucket, of which two are under way at once.
  void gather(Communicator& group, const at::Tensor& shard, at::Tensor flat) const;

 private:
  std::int64_t numel_;
  int ranks_;
  std::vector<Bucket> buckets_;
  std::vector<std::vector<ShardPiece>> pieces_;          // [ranks]
  std::vector<std::vector<std::int64_t>> shard_begins_;  // [ranks][buckets] first element in the shard
  std::vector<std::int64_t> sizes_;                      // [ranks]
};

}  // namespace pagewright
