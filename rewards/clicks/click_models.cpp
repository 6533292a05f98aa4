#include "rewards/clicks/click_models.hpp"

#include <functional>
#include <utility>

#include <fmt/ranges.h>

#include "core/base/error.hpp"
#include "rewards/clicks/carousel_model.hpp"
#include "rewards/clicks/counted_chains.hpp"
#include "rewards/clicks/hidden_chains.hpp"
#include "rewards/clicks/look_models.hpp"
#include "rewards/clicks/trust_model.hpp"

namespace pagewright {
namespace {

using ClickModelMaker = std::function<std::unique_ptr<ClickModel>()>;

template <class Model>
ClickModelMaker click_model_maker() {
  return [] { return std::make_unique<Model>(); };
}

const std::vector<ClickModelMaker>& click_model_makers() {
  static const std::vector<ClickModelMaker> kMakers{
      click_model_maker<RateModel>(),       click_model_maker<PositionModel>(),
      click_model_maker<TrustModel>(),      click_model_maker<CarouselModel>(),
      click_model_maker<CascadeModel>(),    click_model_maker<DependentModel>(),
      click_model_maker<ClickChainModel>(), click_model_maker<SimplifiedBayesianModel>(),
      click_model_maker<BayesianModel>(),   click_model_maker<BrowsingModel>()};
  return kMakers;
}

}  // namespace

const std::vector<std::string>& click_model_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const ClickModelMaker& make : click_model_makers()) names.push_back(make()->name());
    return names;
  }();
  return kNames;
}

std::unique_ptr<ClickModel> make_click_model(const std::string& name) {
  for (const ClickModelMaker& make : click_model_makers())
    if (auto model = make(); model->name() == name) return model;
  fail("there is no click model called '{}'; there are {}", name, fmt::join(click_model_names(), ", "));
}

}  // namespace pagewright
