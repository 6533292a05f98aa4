#include "distributed/flat_parameters.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/BFloat16.h>
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
    : config_(std::make_shared<const ModelConfig>(std::move(config))),
      options_(at::TensorOptions(device).dtype(dtype)) {
  require(dtype == at::kFloat || dtype == at::kDouble || dtype == at::kBFloat16,
          "parameters must be float, double or bfloat16");
  const std::vector<ParameterSpec> specs = parameter_specs(*config_);
  decay_end_ = append_slots(specs, true, 0, slots_);
  numel_ = append_slots(specs, false, decay_end_, slots_);
  values_ = at::zeros({numel_}, options_);
}

const at::Tensor& FlatParameters::values() const {
  require(whole(),
          "the parameters are shared out over the learners; Trainer::gather_parameters brings them back");
  return values_;
}

void FlatParameters::allocate_values() {
  values_ = at::empty({numel_}, options_);
}

void FlatParameters::initialise(std::uint64_t seed) {
  const at::Tensor host = values_.cpu();  // values_ itself where that is on the CPU
  for (const FlatSlot& slot : slots_) {
    if (dtype() == at::kDouble)
      initialise_slot(slot, seed, host.mutable_data_ptr<double>() + slot.offset);
    else if (dtype() == at::kFloat)
      initialise_slot(slot, seed, host.mutable_data_ptr<float>() + slot.offset);
    else
      initialise_slot(slot, seed, host.mutable_data_ptr<c10::BFloat16>() + slot.offset);
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

void FlatParameters::fill(
    const std::function<void(const ParameterSpec& spec, const at::Tensor& values)>& write) {
  for (const FlatSlot& slot : slots_)
    write(slot.spec, values_.narrow(0, slot.offset, slot.numel).view(slot.spec.shape));
}

std::vector<FlatPart> FlatParameters::parts(std::int64_t begin, std::int64_t end) const {
  std::vector<FlatPart> parts;
  for (const FlatSlot& slot : slots_) {
    const std::int64_t from = std::max(begin, slot.offset), to = std::min(end, slot.offset + slot.numel);
    if (from < to) parts.push_back({&slot, from - slot.offset, to - from, from - begin});
  }
  return parts;
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
  return view_of(values());
}

WeightsView FlatParameters::view_of(const at::Tensor& flat) const {
  require(flat.dim() == 1 && flat.numel() == numel_, "a buffer of {} elements is not laid out as one of {}",
          flat.numel(), numel_);
  auto tensors = std::make_shared<WeightsView::Tensors>();
  for (const FlatSlot& slot : slots_)
    tensors->emplace(slot.spec.name, flat.narrow(0, slot.offset, slot.numel).view(slot.spec.shape));
  return WeightsView(config_, std::move(tensors), version_);
}

std::string FlatParameters::parameters_sha256() const {
  std::vector<const FlatSlot*> by_name;
  for (const FlatSlot& slot : slots_) by_name.push_back(&slot);
  std::ranges::sort(by_name, {}, [](const FlatSlot* slot) -> const std::string& { return slot->spec.name; });
  const char* type = dtype() == at::kDouble ? "float64" : dtype() == at::kFloat ? "float32" : "bfloat16";
  const at::Tensor host = values().cpu();
  Sha256 hash;
  for (const FlatSlot* slot : by_name) {
    hash.update(fmt::format("{} {} {}\n", slot->spec.name, type, fmt::join(slot->spec.shape, " ")));
    const at::Tensor part = host.narrow(0, slot->offset, slot->numel);
    hash.update(std::span(static_cast<const std::byte*>(part.const_data_ptr()),
                          static_cast<std::size_t>(part.nbytes())));
  }
  return hash.hex();
}

}  // namespace pagewright
