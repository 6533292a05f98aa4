#pragma once
// The owner of a model's parameters: one flat buffer, and named views into it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/weights_view.hpp"
#include "distributed/frozen_parameters.hpp"

namespace pagewright {

/// Where a parameter lies in the flat buffer.
struct FlatSlot {
  ParameterSpec spec;
  std::int64_t offset = 0;  ///< elements; a multiple of 16, so that each tensor starts on 64 bytes
  std::int64_t numel = 0;
};

/// Elements [first, first + numel) of a slot's parameter, and where they lie in a range of the flat buffer.
struct FlatPart {
  const FlatSlot* slot = nullptr;
  std::int64_t first = 0, numel = 0;
  std::int64_t offset = 0;  ///< from the beginning of the range
};

/// Of those that are trained; frozen ones lie apart and only join the views.
/// Layout: all parameters with weight decay, sorted by name, then all without; both ranges padded to
/// multiples of 128 elements (Note [Lanes] 4 in docs/architecture.md). Padding is zero and stays zero.
class FlatParameters {
 public:
  /// Zeros, on `device`. `frozen` are the parameters that are not trained, where the model has such; null:
  /// they come with initialise() or load().
  FlatParameters(ModelConfig config, at::ScalarType dtype = at::kFloat, c10::Device device = c10::kCPU,
                 std::shared_ptr<const FrozenParameters> frozen = nullptr);

  /// Counter-based initialisation keyed by (seed, parameter's name): the same on every rank and device.
  /// Frozen parameters are made with it unless they are there.
  void initialise(std::uint64_t seed);
  /// The same parameters on another device; themselves if they are there.
  FlatParameters on(c10::Device device) &&;
  /// Throws Error naming missing, unknown or misshaped parameters; looks at no value.
  void check_fit(const WeightsView::Tensors& tensors) const;
  /// Copies values by name, from whatever device, after check_fit(). Frozen parameters are taken from it
  /// unless they are there.
  void load(const WeightsView::Tensors& tensors);

  /// Calls `write` for each parameter with a view of its values, to be written in place: no second copy of
  /// the model.
  void fill(const std::function<void(const ParameterSpec& spec, const at::Tensor& values)>& write);

  /// Copies the values of all parameters that `other` has by the same name and shape, the backbone of a model
  /// with other heads, say. Returns how many they are.
  int load_shared(const WeightsView& other);

  /// Null where all is trained.
  const std::shared_ptr<const FrozenParameters>& frozen() const { return frozen_; }

  const ModelConfig& config() const { return *config_; }
  const std::shared_ptr<const ModelConfig>& shared_config() const { return config_; }
  std::span<const FlatSlot> slots() const { return slots_; }
  /// [padded], on the device. Throws Error while they are away.
  const at::Tensor& values() const;
  /// What elements [begin, end) of the buffer hold, in their order: a rank fills its shard from these alone.
  std::vector<FlatPart> parts(std::int64_t begin, std::int64_t end) const;
  std::int64_t decay_end() const { return decay_end_; }  ///< [0, decay_end) is decayed
  std::int64_t numel() const { return numel_; }
  at::ScalarType dtype() const { return options_.dtype().toScalarType(); }
  c10::Device device() const { return options_.device(); }
  /// With zero 3 the buffer is freed while others hold its parts (Trainer::gather_parameters).
  bool whole() const { return values_.defined(); }
  void free_values() { values_.reset(); }
  void allocate_values();                      ///< of unknown content
  std::int64_t step() const { return step_; }  ///< optimizer steps taken
  void set_step(std::int64_t step) { step_ = step; }
  std::int64_t version() const { return version_; }
  void bump_version() { ++version_; }
  void set_version(std::int64_t version) { version_ = version; }

  WeightsView view() const;
  /// Named views of any buffer laid out as this one (a lane's gradients), [padded], and the frozen
  /// parameters.
  WeightsView view_of(const at::Tensor& flat) const;
  /// SHA-256 over name, dtype, shape, bytes of every trained parameter in name order, no padding, and the
  /// hash of the frozen ones, if there are any.
  std::string parameters_sha256() const;

 private:
  const FrozenParameters* frozen_if_any() const;

  std::shared_ptr<const ModelConfig> config_;
  bool freezes_ = false;  ///< whether the model has frozen parameters
  std::vector<FlatSlot> slots_;
  at::TensorOptions options_;
  at::Tensor values_;  // [padded]; undefined while they are away
  std::shared_ptr<const FrozenParameters> frozen_;
  std::int64_t numel_ = 0;
  std::int64_t decay_end_ = 0, step_ = 0, version_ = 0;
};

/// FlatParameters::parameters_sha256() of a whole model.
std::string parameters_sha256(const WeightsView& weights);

}  // namespace pagewright
