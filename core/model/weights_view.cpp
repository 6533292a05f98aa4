#include "core/model/weights_view.hpp"

#include <mutex>
#include <utility>

#include "core/base/error.hpp"

namespace pagewright {

/// Transposes that were made so far, by name and type.
class TurnedWeights {
 public:
  template <class Make>
  at::Tensor get(std::string_view name, at::ScalarType type, const Make& make) {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = made_.try_emplace({std::string(name), type});
    if (is_new) found->second = make();
    return found->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, at::ScalarType>, at::Tensor> made_;  // [in, out]
};

WeightsView::WeightsView(std::shared_ptr<const ModelConfig> config, std::shared_ptr<const Tensors> tensors,
                         std::int64_t version)
    : WeightsView(std::move(config), std::move(tensors), version, nullptr) {}

WeightsView::WeightsView(std::shared_ptr<const ModelConfig> config, std::shared_ptr<const Tensors> tensors,
                         std::int64_t version, std::shared_ptr<LayerSource> layers)
    : config_(std::move(config)),
      tensors_(std::move(tensors)),
      version_(version),
      layers_(std::move(layers)) {}

const at::Tensor& WeightsView::at(std::string_view name) const {
  const auto found = tensors_->find(name);
  require(found != tensors_->end(), "the model has no parameter '{}'", name);
  return found->second;
}

WeightsView WeightsView::on(c10::Device device) const {
  require(layers_ == nullptr, "a view with layers of its own stays on its device");
  if (tensors_->empty() || tensors_->begin()->second.device() == device) return *this;
  auto moved = std::make_shared<Tensors>();
  for (const auto& [name, tensor] : *tensors_) moved->emplace(name, tensor.to(device));
  return {config_, std::move(moved), version_};
}

at::Tensor WeightsView::turned(std::string_view name, at::ScalarType type) const {
  const auto make = [&] { return at(name).detach().t().to(type).contiguous(); };
  return turned_ ? turned_->get(name, type, make) : make();
}

WeightsView WeightsView::keeping_turned() const {
  WeightsView view = *this;
  view.turned_ = std::make_shared<TurnedWeights>();
  return view;
}

}  // namespace pagewright
