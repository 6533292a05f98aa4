#pragma once
// The sum of squares of a buffer that is dealt over ranks.

#include "distributed/sharding/sharding.hpp"

namespace pagewright {

/// block_sum_of_squares() of the whole buffer, to the last bit, of which every rank has its `shard` [S]. All
/// ranks of the group take part, with one all-gather of 8 bytes for every kSumBlock elements.
double sharded_sum_of_squares(Communicator& group, const Sharding& sharding, const at::Tensor& shard);

}  // namespace pagewright
