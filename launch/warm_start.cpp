#include "launch/warm_start.hpp"

#include "core/model/lora.hpp"
#include "launch/model_folder.hpp"

namespace pagewright {

FlatParameters on_frozen_backbone_of(const FlatParameters& whole, const ModelConfig& config,
                                     const Experiment& experiment,
                                     std::shared_ptr<const FrozenParameters> frozen) {
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

FlatParameters in_type(FlatParameters parameters, at::ScalarType type) {
  if (parameters.dtype() == type) return parameters;
  FlatParameters other(parameters.config(), type, parameters.device());
  other.load(parameters.view().tensors());
  other.set_version(parameters.version());
  return other;
}

WarmStart::WarmStart(const Workbench& bench) : bench_(bench), shape_(bench.experiment().policy_model()) {
  if (!shape_.frozen_backbone) return;
  whole_.emplace(load());
  frozen_ = std::make_shared<const FrozenParameters>(
      shape_, on_frozen_backbone(whole_->view().tensors(), shape_), at::kFloat, bench.device());
}

FlatParameters WarmStart::load() const {
  return load_model(bench_.run().policy("warmup"), shape_, "policy", bench_.language().hash())
      .on(shape_.frozen_backbone ? c10::Device(c10::kCPU) : bench_.device());
}

FlatParameters WarmStart::on_backbone(const ModelConfig& config) const {
  return on_frozen_backbone_of(*whole_, config, bench_.experiment(), frozen_);
}

FlatParameters WarmStart::policy() const {
  return whole_ ? on_backbone(shape_) : in_type(load(), bench_.experiment().precision.parameters);
}

FlatParameters WarmStart::critic() const {
  const ModelConfig shape = bench_.experiment().critic.model(shape_);
  const FlatParameters& whole = whole_ ? *whole_ : load();
  if (shape.frozen_backbone) return on_frozen_backbone_of(whole, shape, bench_.experiment(), frozen_);
  FlatParameters parameters(shape, bench_.experiment().precision.parameters, bench_.device());
  parameters.load_shared(whole.view());
  return parameters;
}

FlatParameters WarmStart::reference() const {
  return whole_ ? on_backbone(shape_.without_adapters())
                : in_type(load(), bench_.experiment().precision.parameters);
}

}  // namespace pagewright
