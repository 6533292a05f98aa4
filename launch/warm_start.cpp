#include "launch/warm_start.hpp"

#include "core/model/lora.hpp"
#include "launch/model_folder.hpp"
#include "launch/start_weights.hpp"

namespace pagewright {

namespace {

constexpr std::uint64_t kCriticSalt = 4;  ///< reward models have 1 to 3

/// `parameters`, which are float, in that type.
FlatParameters in_type(FlatParameters parameters, at::ScalarType type) {
  if (parameters.dtype() == type) return parameters;
  FlatParameters other(parameters.config(), type, parameters.device());
  other.load(parameters.view().tensors());
  other.set_version(parameters.version());
  return other;
}

/// `whole` on a frozen backbone of the shape `config`: adapters, if it has any, are fresh, keyed by the seed.
/// Without `frozen` the backbone is taken from `whole` too.
FlatParameters on_frozen_backbone_of(const FlatParameters& whole, const ModelConfig& config,
                                     const Experiment& experiment,
                                     std::shared_ptr<const FrozenParameters> frozen = nullptr) {
  WeightsView::Tensors tensors = on_frozen_backbone(whole.view().tensors(), config);
  if (!frozen)
    frozen = std::make_shared<const FrozenParameters>(config, tensors, experiment.precision.frozen,
                                                      whole.device());
  const c10::Device device =
      frozen->tensors().empty() ? whole.device() : frozen->tensors().begin()->second.device();
  FlatParameters parameters(config, experiment.precision.parameters, device, std::move(frozen));
  parameters.initialise(experiment.seed);
  parameters.load_shared({parameters.shared_config(),
                          std::make_shared<const WeightsView::Tensors>(std::move(tensors)), whole.version()});
  parameters.set_version(whole.version());
  return parameters;
}

}  // namespace

FlatParameters start_parameters(const Workbench& bench, const ModelConfig& shape, std::uint64_t seed) {
  const Experiment& experiment = bench.experiment();
  FlatParameters on_cpu(shape.whole());
  start_weights(on_cpu, bench.language(), seed);
  FlatParameters whole = std::move(on_cpu).on(bench.device());
  return shape.frozen_backbone ? on_frozen_backbone_of(whole, shape, experiment)
                               : in_type(std::move(whole), experiment.precision.parameters);
}

WarmStart::WarmStart(const Workbench& bench) : bench_(bench), shape_(bench.experiment().policy_model()) {
  if (!shape_.frozen_backbone) return;
  whole_.emplace(load(c10::kCPU));
  frozen_ =
      std::make_shared<const FrozenParameters>(shape_, on_frozen_backbone(whole_->view().tensors(), shape_),
                                               bench.experiment().precision.frozen, bench.device());
}

FlatParameters WarmStart::load(c10::Device device) const {
  return load_model(bench_.run().policy("warmup"), shape_, "policy", bench_.language().hash()).on(device);
}

FlatParameters WarmStart::on_backbone(const ModelConfig& config) const {
  return on_frozen_backbone_of(*whole_, config, bench_.experiment(), frozen_);
}

FlatParameters WarmStart::policy() const {
  return whole_ ? on_backbone(shape_)
                : in_type(load(bench_.device()), bench_.experiment().precision.parameters);
}

FlatParameters WarmStart::critic() const {
  const Experiment& experiment = bench_.experiment();
  const ModelConfig shape = experiment.critic_model();
  if (experiment.critic_backbone) return start_parameters(bench_, shape, experiment.seed + kCriticSalt);
  const FlatParameters& whole = whole_ ? *whole_ : load(bench_.device());
  if (shape.frozen_backbone) return on_frozen_backbone_of(whole, shape, experiment, frozen_);
  FlatParameters parameters(shape, experiment.precision.parameters, bench_.device());
  parameters.load_shared(whole.view());
  return parameters;
}

FlatParameters WarmStart::reference() const {
  if (whole_) return on_backbone(shape_.without_adapters());
  return in_type(load(bench_.experiment().reference_on_host ? c10::kCPU : bench_.device()),
                 bench_.experiment().precision.parameters);
}

}  // namespace pagewright
