#pragma once
// How much of its state a learner rank keeps, and how sums over ranks are made.

#include <cstdint>
#include <optional>

#include <c10/core/ScalarType.h>

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
///   3      below        8 P / n       4 P w + 4 P / n (w + log2(L / n)), w = min(W, L / n)
/// and, while a bucket of B elements is exchanged, 2 x 4 B more, and with `gradients` narrower than
/// `reduction` in 0 and 1 a narrow gradient of 2 P for each of min(W, L / n) lanes at work. It sends, an
/// optimizer step,
///   0 and 1   2 x 4 P (n - 1) / n
///   2         4 P (n - 1) / n (1 + L / n): gradients after every round of lanes, then the parameters
///   3         4 (n - 1) / n (P L / n + R + g (2 P - 2 R - K)): gradients as in 2; the parameters outside of
///             layers (R) once, all layers twice for each of the g = L / (n w) groups of lanes, but the last
///             one (K) once
/// (for one micro-batch; each further one takes the layers again). Parameters with zero 3: while learners
/// learn, 4 P / n + 4 (R + the two largest neighbouring layers); a whole copy of 4 P more while they evaluate
/// and generate. On one rank 3 is 2 with checkpointed activations.
struct ShardingConfig {
  int zero = 1;
  Determinism determinism = Determinism::exact;
  std::int64_t bucket = 4 << 20;        ///< elements that are exchanged at once, at least
  bool checkpoint_activations = false;  ///< compute layers again in the backward pass; zero 3 does so anyhow
  /// Type of a lane's gradient, in which its micro-batches add up; if not given that of the parameters.
  std::optional<at::ScalarType> gradients = {};
  /// Type in which gradients are added over lanes and exchanged; if not given that of a lane's.
  std::optional<at::ScalarType> reduction = {};
  at::ScalarType gradient_type(at::ScalarType parameters) const { return gradients.value_or(parameters); }
  at::ScalarType reduction_type(at::ScalarType parameters) const {
    return reduction.value_or(gradient_type(parameters));
  }
  /// Reads zero, determinism, bucket, checkpoint_activations.
  static ShardingConfig from(const Section& section);

  LaneOrder lane_order() const { return zero >= 2 ? LaneOrder::strided : LaneOrder::contiguous; }
  bool recomputes_layers() const { return checkpoint_activations || zero == 3; }
};

}  // namespace pagewright
