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
  /// Throws Error, as its functions do, if there is no warm-up of this language and shape.
  explicit WarmStart(const Workbench& bench);

  FlatParameters policy() const;
  FlatParameters reference() const;
  /// A separate critic: the warm-up's backbone, or its own as it begins, and a value head of zeros.
  FlatParameters critic() const;

 private:
  FlatParameters load(c10::Device device) const;
  FlatParameters on_backbone(const ModelConfig& config) const;

  const Workbench& bench_;
  ModelConfig shape_;
  std::optional<FlatParameters> whole_;  ///< with adapters: heads and layout rows are copied from it
  std::shared_ptr<const FrozenParameters> frozen_;  ///< with adapters
};

/// The parameters that a model of this shape begins with (start_weights()), on the device and in the type of
/// the experiment; on a frozen backbone if the shape says so.
FlatParameters start_parameters(const Workbench& bench, const ModelConfig& shape, std::uint64_t seed);

}  // namespace pagewright
