#include "core/model/weights_view.hpp"

#include "core/base/error.hpp"

namespace pagewright {

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

}  // namespace pagewright
