#pragma once
// The one reduction over whole tensors: libtorch splits its own by the number of threads, so that their bits
// change with it (Note [Lanes] in docs/architecture.md).

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Sum of squares of a contiguous CPU tensor of float or double, in double: blocks of 4,096 elements, each
/// added in one fixed order, then the blocks in order. The bits depend on the elements and their places
/// alone.
double block_sum_of_squares(const at::Tensor& flat);

}  // namespace pagewright
