#pragma once
// AdamW over a rank's shard of the parameters.

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "core/rl/adamw.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/sharding/sharding.hpp"

namespace pagewright {

/// Owns the moments of one rank's shard. A step writes the shard's places in the parameters' buffer and no
/// others.
class ShardedAdamw {
 public:
  /// `parameters` must outlive it.
  ShardedAdamw(FlatParameters& parameters, Sharding sharding, int rank);

  const at::Tensor& first_moment() const { return exp_avg_; }      ///< [S]
  const at::Tensor& second_moment() const { return exp_avg_sq_; }  ///< [S]
  const Sharding& sharding() const { return sharding_; }

  /// `gradient` [S] is the shard's. Weight decay acts below parameters.decay_end() alone.
  void step(const AdamwStep& options, const at::Tensor& gradient);

 private:
  FlatParameters& parameters_;
  Sharding sharding_;
  int rank_;
  at::Tensor exp_avg_, exp_avg_sq_;  // [S]
};

}  // namespace pagewright
