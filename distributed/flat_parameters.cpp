#include "distributed/flat_parameters.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/zeros.h>
#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/base/rng.hpp"
#include "core/base/sha256.hpp"

namespace pagewright {
namespace {

constexpr std::int64_t kFlatAlignment = 16;  // elements a tensor starts on
constexpr std::int64_t kFlatBorder = 128;    // elements a range ends on

std::int64_t round_up_to(std::int64_t value, std::int64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

/// Appends the slots with (or without) weight decay and returns the padded end of their range.
std::int64_t append_slots(const std::vector<ParameterSpec>& specs, bool weight_decay, std::int64_t offset,
                          std::vector<FlatSlot>& slots) {
  for (const ParameterSpec& spec : specs) {
    if (spec.weight_decay != weight_decay) continue;
    std::int64_t numel = 1;
    for (const std::int64_t extent : spec.shape) numel *= extent;
    offset = round_up_to(offset, kFlatAlignment);
    slots.push_back({spec, offset, numel});
    offset += numel;
  }
  return round_up_to(offset, kFlatBorder);
}

template <class T>
void initialise_slot(const FlatSlot& slot, std::uint64_t seed, T* values) {
  const std::uint64_t key = stable_hash(slot.spec.name);
  CounterRandom random(seed, RandomStream::init, 0, key & 0xFFFFFFFFu, key >> 48);
  for (T& value : std::span(values, static_cast<std::size_t>(slot.numel)))
    value = slot.spec.init == InitKind::normal ? static_cast<T>(slot.spec.stddev * random.normal())
                                               : static_cast<T>(slot.spec.init == InitKind::ones ? 1 : 0);
}

std::string shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

FlatParameters::FlatParameters(ModelConfig config, at::ScalarType dtype, c10::Device device)
    : config_(std::make_shared<const ModelConfig>(std::move(config))) {
  require(dtype == at::kFloat || dtype == at::kDouble, "parameters must be float or double");
  const std::vector<ParameterSpec> specs = parameter_specs(*config_);
  decay_end_ = append_slots(specs, true, 0, slots_);
  values_ =
      at::zeros({append_slots(specs, false, decay_end_, slots_)}, at::TensorOptions(device).dtype(dtype));
}

void FlatParameters::initialise(std::uint64_t seed) {
  const at::Tensor host = values_.cpu();  // values_ itself where that is on the CPU
  for (const FlatSlot& slot : slots_) {
    if (host.scalar_type() == at::kDouble)
      initialise_slot(slot, seed, host.mutable_data_ptr<double>() + slot.offset);
    else
      initialise_slot(slot, seed, host.mutable_data_ptr<float>() + slot.offset);
  }
  values_.copy_(host);
}

void FlatParameters::load(const WeightsView::Tensors& tensors) {
  std::string problems;
  for (const FlatSlot& slot : slots_) {
    const auto found = tensors.find(slot.spec.name);
    if (found == tensors.end())
      problems += fmt::format("\n  {} is missing", slot.spec.name);
    else if (found->second.sizes() != at::IntArrayRef(slot.spec.shape))
      problems += fmt::format("\n  {} has shape {}, not {}", slot.spec.name,
                              shape_text({found->second.sizes().data(), found->second.sizes().size()}),
                              shape_text(slot.spec.shape));
  }
  for (const auto& [name, tensor] : tensors)
    if (std::ranges::none_of(slots_, [&](const FlatSlot& slot) { return slot.spec.name == name; }))
      problems += fmt::format("\n  {} is not a parameter of this model", name);
  require(problems.empty(), "the weights do not fit the model:{}", problems);
  for (const FlatSlot& slot : slots_)
    values_.narrow(0, slot.offset, slot.numel)
        .copy_(tensors.find(slot.spec.name)->second.detach().reshape({slot.numel}));
}

int FlatParameters::load_shared(const WeightsView& other) {
  int shared = 0;
  for (const FlatSlot& slot : slots_) {
    const auto found = other.tensors().find(slot.spec.name);
    if (found == other.tensors().end() || found->second.sizes() != at::IntArrayRef(slot.spec.shape)) continue;
    values_.narrow(0, slot.offset, slot.numel).copy_(found->second.detach().reshape({slot.numel}));
    ++shared;
  }
  return shared;
}

WeightsView FlatParameters::view() const {
  return view_of(values_);
}

WeightsView FlatParameters::view_of(const at::Tensor& flat) const {
  require(flat.dim() == 1 && flat.numel() == values_.numel(),
          "a buffer of {} elements is not laid out as one of {}", flat.numel(), values_.numel());
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const FlatSlot& slot : slots_)
    tensors->emplace(slot.spec.name, flat.narrow(0, slot.offset, slot.numel).view(slot.spec.shape));
  return WeightsView(config_, std::move(tensors), version_);
}

std::string FlatParameters::parameters_sha256() const {
  std::vector<const FlatSlot*> by_name;
  for (const FlatSlot& slot : slots_) by_name.push_back(&slot);
  std::ranges::sort(by_name, {}, [](const FlatSlot* slot) -> const std::string& { return slot->spec.name; });
  const char* dtype = values_.scalar_type() == at::kDouble ? "float64" : "float32";
  const at::Tensor host = values_.cpu();
  Sha256 hash;
  for (const FlatSlot* slot : by_name) {
    hash.update(fmt::format("{} {} {}\n", slot->spec.name, dtype, fmt::join(slot->spec.shape, " ")));
    const at::Tensor part = host.narrow(0, slot->offset, slot->numel);
    hash.update(std::span(static_cast<const std::byte*>(part.const_data_ptr()),
                          static_cast<std::size_t>(part.nbytes())));
  }
  return hash.hex();
}

}  // namespace pagewright
