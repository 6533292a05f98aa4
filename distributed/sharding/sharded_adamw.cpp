#include "distributed/sharding/sharded_adamw.hpp"

#include <algorithm>
#include <utility>

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace pagewright {

ShardedAdamw::ShardedAdamw(FlatParameters& parameters, Sharding sharding, int rank)
    : parameters_(parameters),
      sharding_(std::move(sharding)),
      rank_(rank),
      exp_avg_(at::zeros({sharding_.shard_size(rank)}, parameters.values().options())),
      exp_avg_sq_(at::zeros_like(exp_avg_)) {}

void ShardedAdamw::step(const AdamwStep& options, const at::Tensor& gradient) {
  const auto apply = [&](const ShardPiece& piece, std::int64_t begin, std::int64_t end, double decay) {
    if (begin >= end) return;
    AdamwStep own = options;
    own.weight_decay = decay;
    const std::int64_t place = piece.shard + begin - piece.flat, size = end - begin;
    adamw(own, parameters_.values().narrow(0, begin, size), gradient.narrow(0, place, size),
          exp_avg_.narrow(0, place, size), exp_avg_sq_.narrow(0, place, size));
  };
  const std::int64_t border = parameters_.decay_end();
  for (const ShardPiece& piece : sharding_.pieces(rank_)) {
    const std::int64_t end = piece.flat + piece.size;
    apply(piece, piece.flat, std::min(end, border), options.weight_decay);
    apply(piece, std::max(piece.flat, border), end, 0);
  }
}

}  // namespace pagewright
