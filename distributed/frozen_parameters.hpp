#pragma once
// Parameters that are read and never trained (Note [Frozen backbone], core/model/model_config.hpp).

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/base/sha256.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright {

/// Named tensors that policy, reference, replica and critic of a process share. They are in no flat buffer:
/// not in gradients, optimizer, exchange, weight sync or checkpoints. Thread-safe.
class FrozenParameters {
 public:
  /// Keeps, without copying them, those of `tensors` that `config` does not train, all of `dtype` (converted
  /// where they are not) and on `device`. Throws Error naming what is missing or misshaped; others are
  /// ignored.
  FrozenParameters(const ModelConfig& config, const WeightsView::Tensors& tensors,
                   at::ScalarType dtype = at::kFloat, c10::Device device = c10::kCPU);

  const WeightsView::Tensors& tensors() const { return tensors_; }
  /// Which base this is: SHA-256 over name, dtype, shape, bytes of every tensor in name order. Computed once.
  const std::string& sha256() const;
  std::size_t bytes() const;

 private:
  WeightsView::Tensors tensors_;
  mutable std::once_flag hashed_;
  mutable std::string sha256_;
};

/// Adds "NAME DTYPE SHAPE\n" and the bytes of a tensor on the CPU.
void hash_parameter(Sha256& hash, const ParameterSpec& spec, const at::Tensor& values);
/// "does not fit" lines for the specs with spec.trained == `trained` that `tensors` lacks or has misshaped.
std::string misfits(const std::vector<ParameterSpec>& specs, bool trained,
                    const WeightsView::Tensors& tensors);
/// The parameter's starting values, keyed by (seed, its name), into `values` [numel].
template <class T>
void initialise_parameter(const ParameterSpec& spec, std::uint64_t seed, std::span<T> values);

}  // namespace pagewright
