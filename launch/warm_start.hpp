#pragma once
// The warm-up's weights as training starts from them.

#include <memory>
#include <optional>

#include "distributed/flat_parameters.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

/// What a process needs of the warm-up: the policy that is trained, the reference that is not, or both. With
/// adapters both stand on the same frozen parameters, read once: the policy with fresh adapters, which change
/// nothing yet, the reference without any, and with layout rows and heads of its own.
class WarmStart {
 public:
  /// Throws Error if there is no warm-up of this language and shape.
  explicit WarmStart(const Workbench& bench);

  FlatParameters policy() const;
  FlatParameters reference() const;
  /// A separate critic: the warm-up's backbone and a value head of zeros.
  FlatParameters critic() const;

 private:
  FlatParameters load() const;
  FlatParameters on_backbone(const ModelConfig& config) const;

  const Workbench& bench_;
  ModelConfig shape_;
  std::optional<FlatParameters> whole_;  ///< with adapters: heads and layout rows are copied from it
  std::shared_ptr<const FrozenParameters> frozen_;  ///< with adapters
};

/// `whole` on a frozen backbone of the shape `config`: adapters, if it has any, are fresh, keyed by the seed.
/// Without `frozen` the backbone is taken from `whole` too.
FlatParameters on_frozen_backbone_of(const FlatParameters& whole, const ModelConfig& config,
                                     const Experiment& experiment,
                                     std::shared_ptr<const FrozenParameters> frozen = nullptr);
/// `parameters`, which are float, in that type.
FlatParameters in_type(FlatParameters parameters, at::ScalarType type);

}  // namespace pagewright
