#pragma once
// The types that numbers are kept in.

#include <c10/core/ScalarType.h>

namespace pagewright {

class Section;

/// Of policy and critic. Activations, norms, softmax, losses and what heads give are float32 always; where
/// parameters are narrower, the optimizer keeps a float32 master copy of its shard.
struct PrecisionConfig {
  at::ScalarType parameters = at::kFloat;  ///< that are trained
  at::ScalarType frozen = at::kFloat;      ///< of a frozen backbone
  at::ScalarType gradients = at::kFloat;   ///< ShardingConfig::gradients
  at::ScalarType reduction = at::kFloat;   ///< ShardingConfig::reduction

  bool narrow() const { return parameters != at::kFloat || frozen != at::kFloat; }
  /// Reads parameters, frozen, gradients, reduction.
  static PrecisionConfig from(const Section& section);
};

}  // namespace pagewright
