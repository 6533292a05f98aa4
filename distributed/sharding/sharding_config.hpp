#pragma once
// How much of its state a learner rank keeps, and how sums over ranks are made.

#include <cstdint>

#include "distributed/topology.hpp"

namespace pagewright {

class Section;

/// exact: sums over lanes follow one tree, and the bits do not depend on the number of ranks. fast: the
/// communicator adds in its own order.
enum class Determinism { exact, fast };

/// With P padded parameters of 4 bytes, n ranks, L lanes and W threads a rank, a rank keeps
///   zero   parameters   AdamW state   gradient buffers
///   0      4 P          8 P           4 P (W + log2(L / n)) + 4 P / n
///   1      4 P          8 P / n       4 P (W + log2(L / n)) + 4 P / n
///   2      4 P          8 P / n       4 P min(W, L / n) + 4 P / n (1 + log2(L / n))
/// and, while a bucket of B elements is exchanged, 2 x 4 B more. It sends, an optimizer step,
///   0 and 1   2 x 4 P (n - 1) / n
///   2         4 P (n - 1) / n (1 + L / n): gradients after every round of lanes, then the parameters
struct ShardingConfig {
  int zero = 1;
  Determinism determinism = Determinism::exact;
  std::int64_t bucket = 4 << 20;  ///< elements that are exchanged at once, at least
  /// Reads zero, determinism, bucket.
  static ShardingConfig from(const Section& section);

  LaneOrder lane_order() const { return zero >= 2 ? LaneOrder::strided : LaneOrder::contiguous; }
};

}  // namespace pagewright
