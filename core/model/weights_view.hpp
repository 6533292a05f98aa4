#pragma once
// Read-only named views of a model's parameters: all that rollout, scoring and the forward see of their
// owner.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "core/model/model_config.hpp"

namespace pagewright {

class LayerSource;
class TurnedWeights;

/// Views into the owner's flat buffer, which must outlive the view. Cheap to copy. Thread-safe to read.
class WeightsView {
 public:
  using Tensors = std::map<std::string, at::Tensor, std::less<>>;
  WeightsView(std::shared_ptr<const ModelConfig> config, std::shared_ptr<const Tensors> tensors,
              std::int64_t version);
  /// The parameters outside of layers are in `tensors`, those of layers come from `layers`, if that is not
  /// null.
  WeightsView(std::shared_ptr<const ModelConfig> config, std::shared_ptr<const Tensors> tensors,
              std::int64_t version, std::shared_ptr<LayerSource> layers);

  const ModelConfig& config() const { return *config_; }
  /// The parameter's tensor, of the shape in parameter_specs; throws Error for an unknown name.
  const at::Tensor& at(std::string_view name) const;
  const Tensors& tensors() const { return *tensors_; }
  std::int64_t version() const { return version_; }
  /// A copy on a device; the tensors themselves where they are there. Not of a view with layers.
  WeightsView on(c10::Device device) const;
  /// The transpose of a matrix, [in, out], contiguous and of the given type, as decoding row by row
  /// multiplies by it.
  at::Tensor turned(std::string_view name, at::ScalarType type) const;
  /// A view that makes each transpose once and keeps it, with its copies: as much memory again as the
  /// matrices take. For as long as the parameters stay as they are.
  WeightsView keeping_turned() const;
  bool keeps_turned() const { return turned_ != nullptr; }
  /// Null unless activations are checkpointed (core/model/layer_source.hpp).
  const std::shared_ptr<LayerSource>& layers() const { return layers_; }

 private:
  std::shared_ptr<const ModelConfig> config_;
  std::shared_ptr<const Tensors> tensors_;
  std::int64_t version_ = 0;
  std::shared_ptr<LayerSource> layers_;
  std::shared_ptr<TurnedWeights> turned_;
};

}  // namespace pagewright
