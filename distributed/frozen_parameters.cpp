#include "distributed/frozen_parameters.hpp"

#include <c10/util/BFloat16.h>
#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/rng.hpp"

namespace pagewright {
namespace {

const char* dtype_name(at::ScalarType dtype) {
  return dtype == at::kDouble ? "float64" : dtype == at::kFloat ? "float32" : "bfloat16";
}

std::string shape_in_words(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

void hash_parameter(Sha256& hash, const ParameterSpec& spec, const at::Tensor& values) {
  hash.update(
      fmt::format("{} {} {}\n", spec.name, dtype_name(values.scalar_type()), fmt::join(spec.shape, " ")));
  hash.update(std::span(static_cast<const std::byte*>(values.const_data_ptr()),
                        static_cast<std::size_t>(values.nbytes())));
}

std::string misfits(const std::vector<ParameterSpec>& specs, bool trained,
                    const WeightsView::Tensors& tensors) {
  std::string problems;
  for (const ParameterSpec& spec : specs) {
    if (spec.trained != trained) continue;
    const auto found = tensors.find(spec.name);
    if (found == tensors.end())
      problems += fmt::format("\n  {} is missing", spec.name);
    else if (found->second.sizes() != at::IntArrayRef(spec.shape))
      problems += fmt::format("\n  {} has shape {}, not {}", spec.name, shape_in_words(found->second.sizes()),
                              shape_in_words(spec.shape));
  }
  return problems;
}

template <class T>
void initialise_parameter(const ParameterSpec& spec, std::uint64_t seed, std::span<T> values) {
  const std::uint64_t key = stable_hash(spec.name);
  CounterRandom random(seed, RandomStream::init, 0, key & 0xFFFFFFFFu, key >> 48);
  for (T& value : values) {
    switch (spec.init) {
      case InitKind::normal:
        value = static_cast<T>(spec.stddev * random.normal());
        break;
      case InitKind::uniform:
        value = static_cast<T>(spec.stddev * (2 * random.uniform() - 1));
        break;
      case InitKind::zeros:
        value = static_cast<T>(0);
        break;
      case InitKind::ones:
        value = static_cast<T>(1);
        break;
    }
  }
}
template void initialise_parameter<float>(const ParameterSpec&, std::uint64_t, std::span<float>);
template void initialise_parameter<double>(const ParameterSpec&, std::uint64_t, std::span<double>);
template void initialise_parameter<c10::BFloat16>(const ParameterSpec&, std::uint64_t,
                                                  std::span<c10::BFloat16>);

FrozenParameters::FrozenParameters(const ModelConfig& config, const WeightsView::Tensors& tensors,
                                   at::ScalarType dtype, c10::Device device) {
  const std::vector<ParameterSpec> specs = parameter_specs(config);
  const std::string problems = misfits(specs, false, tensors);
  require(problems.empty(), "the frozen weights do not fit the model:{}", problems);
  for (const ParameterSpec& spec : specs)
    if (!spec.trained)
      tensors_.emplace(spec.name, tensors.find(spec.name)->second.detach().to(device, dtype).contiguous());
}

const std::string& FrozenParameters::sha256() const {
  std::call_once(hashed_, [&] {
    Sha256 hash;
    for (const auto& [name, tensor] : tensors_)
      hash_parameter(hash, {name, tensor.sizes().vec()}, tensor.cpu());
    sha256_ = hash.hex();
  });
  return sha256_;
}

std::size_t FrozenParameters::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [name, tensor] : tensors_) bytes += tensor.nbytes();
  return bytes;
}

}  // namespace pagewright
