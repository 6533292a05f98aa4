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
      exp_avg_(at::zeros(
          {sharding_.shard_size(rank)},
          parameters.values().options().dtype(parameters.dtype() == at::kDouble ? at::kDouble : at::kFloat))),
      exp_avg_sq_(at::zeros_like(exp_avg_)) {
  if (narrow()) copy_master();
}

void ShardedAdamw::copy_master() {
  master_ = sharding_.shard_of(parameters_.values(), rank_).to(exp_avg_.scalar_type());
}

void ShardedAdamw::send_away() {
  if (!parameters_.whole()) return;
  if (!narrow()) copy_master();
  parameters_.free_values();
}

void ShardedAdamw::back_again() {
  if (!narrow()) master_.reset();
}

void ShardedAdamw::step(const AdamwStep& options, const at::Tensor& gradient) {
  const auto apply = [&](const ShardPiece& piece, std::int64_t begin, std::int64_t end, double decay) {
    if (begin >= end) return;
    AdamwStep own = options;
    own.weight_decay = decay;
    const std::int64_t place = piece.shard + begin - piece.flat, size = end - begin;
    const at::Tensor values =
        master_.defined() ? master_.narrow(0, place, size) : parameters_.values().narrow(0, begin, size);
    adamw(own, values, gradient.narrow(0, place, size), exp_avg_.narrow(0, place, size),
          exp_avg_sq_.narrow(0, place, size));
  };
  const std::int64_t border = parameters_.decay_end();
  for (const ShardPiece& piece : sharding_.pieces(rank_)) {
    const std::int64_t end = piece.flat + piece.size;
    apply(piece, piece.flat, std::min(end, border), options.weight_decay);
    apply(piece, std::max(piece.flat, border), end, 0);
  }
  if (master_.defined() && parameters_.whole()) sharding_.put(master_, rank_, parameters_.values());
}

}  // namespace pagewright
