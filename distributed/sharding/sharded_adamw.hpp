#pragma once
// AdamW over a rank's shard of the parameters.

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "core/rl/adamw.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/sharding/sharding.hpp"

namespace pagewright {

/// Owns the moments of one rank's shard, in float (double for double parameters). A step writes the shard's
/// places in the parameters' buffer and no others. Where parameters are narrower than float, small steps
/// would not change them: AdamW updates a master copy of the shard, from which they are rounded. While the
/// parameters are away (zero 3) the master copy is what there is of them.
class ShardedAdamw {
 public:
  /// `parameters` must outlive it.
  ShardedAdamw(FlatParameters& parameters, Sharding sharding, int rank);

  const at::Tensor& first_moment() const { return exp_avg_; }      ///< [S]
  const at::Tensor& second_moment() const { return exp_avg_sq_; }  ///< [S]
  /// [S] the master copy; undefined if there is none.
  const at::Tensor& master() const { return master_; }
  /// Frees the parameters' buffer, of which the master copy remains.
  void send_away();
  /// The parameters are whole again: the master copy goes, unless it is finer than they are.
  void back_again();
  const Sharding& sharding() const { return sharding_; }

  /// `gradient` [S] is the shard's, of the moments' type. Weight decay acts below parameters.decay_end()
  /// alone.
  void step(const AdamwStep& options, const at::Tensor& gradient);

 private:
  bool narrow() const { return parameters_.dtype() != exp_avg_.scalar_type(); }
  void copy_master();

  FlatParameters& parameters_;
  Sharding sharding_;
  int rank_;
  at::Tensor exp_avg_, exp_avg_sq_, master_;  // [S]
};

}  // namespace pagewright
