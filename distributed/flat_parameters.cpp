#include "distributed/flat_parameters.hpp"

#include <algorithm>
#include <cstddef>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/BFloat16.h>
#include <fmt/format.h>

#include "core/base/error.hpp"
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
    if (!spec.trained || spec.weight_decay != weight_decay) continue;
    std::int64_t numel = 1;
    for (const std::int64_t extent : spec.shape) numel *= extent;
    offset = round_up_to(offset, kFlatAlignment);
    slots.push_back({spec, offset, numel});
    offset += numel;
  }
  return round_up_to(offset, kFlatBorder);
}

template <class T>
void initialise_slot(const FlatSlot& slot, std::uint64_t seed, const at::Tensor& flat) {
  initialise_parameter<T>(
      slot.spec, seed,
      std::span(flat.mutable_data_ptr<T>() + slot.offset, static_cast<std::size_t>(slot.numel)));
}

}  // namespace

FlatParameters::FlatParameters(ModelConfig config, at::ScalarType dtype, c10::Device device,
                               std::shared_ptr<const FrozenParameters> frozen)
    : config_(std::make_shared<const ModelConfig>(std::move(config))),
      options_(at::TensorOptions(device).dtype(dtype)),
      frozen_(std::move(frozen)) {
  require(dtype == at::kFloat || dtype == at::kDouble || dtype == at::kBFloat16,
          "parameters must be float, double or bfloat16");
  const std::vector<ParameterSpec> specs = parameter_specs(*config_);
  for (const ParameterSpec& spec : specs) freezes_ = freezes_ || !spec.trained;
  if (frozen_) {
    const std::string problems = misfits(specs, false, frozen_->tensors());
    require(problems.empty(), "the frozen weights are of another model:{}", problems);
  }
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
      initialise_slot<double>(slot, seed, host);
    else if (dtype() == at::kFloat)
      initialise_slot<float>(slot, seed, host);
    else
      initialise_slot<c10::BFloat16>(slot, seed, host);
  }
  values_.copy_(host);
  if (!freezes_ || frozen_) return;
  WeightsView::Tensors tensors;
  for (const ParameterSpec& spec : parameter_specs(*config_)) {
    if (spec.trained) continue;
    at::Tensor tensor = at::empty(spec.shape, at::kFloat);
    initialise_parameter<float>(
        spec, seed, std::span(tensor.mutable_data_ptr<float>(), static_cast<std::size_t>(tensor.numel())));
    tensors.emplace(spec.name, std::move(tensor));
  }
  frozen_ = std::make_shared<const FrozenParameters>(*config_, tensors, dtype(), options_.device());
}

FlatParameters FlatParameters::on(c10::Device device) && {
  options_ = options_.device(device);
  values_ = values().to(device);
  if (frozen_ && !frozen_->tensors().empty() && frozen_->tensors().begin()->second.device() != device)
    frozen_ = std::make_shared<const FrozenParameters>(
        *config_, frozen_->tensors(), frozen_->tensors().begin()->second.scalar_type(), device);
  return std::move(*this);
}

void FlatParameters::check_fit(const WeightsView::Tensors& tensors) const {
  const std::vector<ParameterSpec> specs = parameter_specs(*config_);
  std::string problems = misfits(specs, true, tensors);
  if (freezes_ && !frozen_) problems += misfits(specs, false, tensors);
  for (const auto& [name, tensor] : tensors)
    if (std::ranges::find(specs, name, &ParameterSpec::name) == specs.end())
      problems += fmt::format("\n  {} is not a parameter of this model", name);
  require(problems.empty(), "the weights do not fit the model:{}", problems);
}

void FlatParameters::load(const WeightsView::Tensors& tensors) {
  check_fit(tensors);
  for (const FlatSlot& slot : slots_)
    values_.narrow(0, slot.offset, slot.numel)
        .copy_(tensors.find(slot.spec.name)->second.detach().reshape({slot.numel}));
  if (freezes_ && !frozen_)
    frozen_ = std::make_shared<const FrozenParameters>(*config_, tensors, dtype(), options_.device());
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
  if (const FrozenParameters* frozen = frozen_if_any())
    tensors->insert(frozen->tensors().begin(), frozen->tensors().end());
  return WeightsView(config_, std::move(tensors), version_);
}

const FrozenParameters* FlatParameters::frozen_if_any() const {
  require(!freezes_ || frozen_, "the frozen parameters are not there yet; initialise or load them");
  return frozen_.get();
}

std::string parameters_sha256(const WeightsView& weights) {
  Sha256 hash;
  for (const ParameterSpec& spec : parameter_specs(weights.config()))
    hash_parameter(hash, spec, weights.at(spec.name).cpu().contiguous());
  return hash.hex();
}

std::string FlatParameters::parameters_sha256() const {
  std::vector<const FlatSlot*> by_name;
  for (const FlatSlot& slot : slots_) by_name.push_back(&slot);
  std::ranges::sort(by_name, {}, [](const FlatSlot* slot) -> const std::string& { return slot->spec.name; });
  const at::Tensor host = values().cpu();
  Sha256 hash;
  for (const FlatSlot* slot : by_name)
    hash_parameter(hash, slot->spec, host.narrow(0, slot->offset, slot->numel));
  if (const FrozenParameters* frozen = frozen_if_any()) hash.update("frozen " + frozen->sha256() + "\n");
  return hash.hex();
}

}  // namespace pagewright
