#include "distributed/sharding/shard_norm.hpp"

#include <numeric>

#include <ATen/ops/empty.h>

#include "core/numerics/block_sum.hpp"

namespace pagewright {
namespace {

std::int64_t blocks_of(const ShardPiece& piece) {
  return (piece.size + kSumBlock - 1) / kSumBlock;
}

}  // namespace

double sharded_sum_of_squares(Communicator& group, const Sharding& sharding, const at::Tensor& shard) {
  std::vector<std::int64_t> parts;
  for (int rank = 0; rank < group.size(); ++rank) {
    parts.push_back(0);
    for (const ShardPiece& piece : sharding.pieces(rank)) parts.back() += blocks_of(piece);
  }
  at::Tensor own = at::empty({parts[static_cast<std::size_t>(group.rank())]}, at::kDouble);
  double* next = own.mutable_data_ptr<double>();
  for (const ShardPiece& piece : sharding.pieces(group.rank()))
    for (const double block : block_sums_of_squares(shard.narrow(0, piece.shard, piece.size)))
      *next++ = block;
  const at::Tensor gathered = at::empty({std::accumulate(parts.begin(), parts.end(), std::int64_t{0})},
                                        own.options().device(group.device()));
  group.all_gather(gathered, own.to(group.device()), parts)->wait();
  const at::Tensor all = gathered.cpu();

  std::vector<double> blocks(static_cast<std::size_t>(all.numel()));
  const double* from = all.const_data_ptr<double>();
  for (int rank = 0; rank < group.size(); ++rank)
    for (const ShardPiece& piece : sharding.pieces(rank))
      for (std::int64_t block = 0; block < blocks_of(piece); ++block)
        blocks[static_cast<std::size_t>(piece.flat / kSumBlock + block)] = *from++;
  return add_block_sums(blocks);
}

}  // namespace pagewright
