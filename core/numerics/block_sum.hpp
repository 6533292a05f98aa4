#pragma once
// The one reduction over whole tensors: libtorch splits its own by the number of threads, so that their bits
// change with it (Note [Lanes] in docs/architecture.md).

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

namespace pagewright {

/// Elements of a block. Buffers that are dealt over ranks are cut at multiples of it.
inline constexpr std::int64_t kSumBlock = 4096;

/// Sum of squares of each block of a contiguous tensor [N] of float or double, in double, each added in one
/// fixed order: [ceil(N / kSumBlock)]. Blocks of a tensor on a device are added there, in the library's
/// order: good for determinism `fast`, and the same to rounding.
std::vector<double> block_sums_of_squares(const at::Tensor& flat);

/// The blocks' sums in order. On the CPU the bits depend on the elements and their places alone.
double add_block_sums(std::span<const double> blocks);

inline double block_sum_of_squares(const at::Tensor& flat) {
  return add_block_sums(block_sums_of_squares(flat));
}

}  // namespace pagewright
