// Reward models by ATen's operators, which run on devices, against own kernels.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/model/device/operator_choice.hpp"
#include "core/rl/aggregation.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cuda_device.hpp"

namespace pagewright {
namespace {

WeightsView reward_leaves(const FlatParameters& parameters, c10::Device device) {
  auto tensors = std::make_shared<WeightsView::Tensors>();
  const WeightsView view = parameters.view();
  for (const auto& [name, tensor] : view.tensors())
    (*tensors)[name] = tensor.to(device, at::kDouble).detach().clone().set_requires_grad(true);
  return WeightsView(parameters.shared_config(), tensors, 0);
}

/// Every output of both reward models on some pages, and all gradients of their losses, on the CPU.
std::vector<at::Tensor> reward_outcome(c10::Device device) {
  const PageLanguage language = models_test::quickstart_language();
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const GainWeights gains{1, 5, 1, 3000};
  std::vector<RequestPages> groups;
  std::vector<SlotValue> values;
  SlotLabels labels;
  for (std::size_t p = 0; p < 3; ++p) {
    const Request& request = log.requests[static_cast<std::size_t>(log.pages[p].request)].request;
    std::vector<Page> pages{log.pages[p].page, log.pages[p].page};
    std::swap(pages[1].sections[0].items[0], pages[1].sections[0].items[1]);
    for (const Page& page : pages) {
      const auto of_page = slot_values(gains, request, page);
      values.insert(values.end(), of_page.begin(), of_page.end());
      for (std::size_t k = 0; k < of_page.size(); ++k) {
        labels.clicked.push_back(k % 3 == 0 ? 0.9F : 0.1F);
        labels.purchased.push_back(k % 2 == 0 ? 0.8F : 0.0F);
      }
    }
    groups.push_back(models_test::encoded_pages(language, request, log.pages[p].request, std::move(pages)));
  }
  const PageBatch batch = models_test::batch_of(language, groups);
  std::vector<at::Tensor> outcome;
  const auto add = [&](const WeightsView& weights, const at::Tensor& loss, std::vector<at::Tensor> outputs) {
    for (const at::Tensor& output : outputs) outcome.push_back(output.detach().cpu());
    torch::autograd::backward({loss});
    for (const auto& [name, tensor] : weights.tensors()) outcome.push_back(tensor.grad().cpu());
  };
  for (const PageModelForm form : {PageModelForm::both, PageModelForm::pairs}) {
    const FlatParameters model =
        models_test::noisy_model(models_test::quickstart_model(language, page_model_heads(form)), 3);
    const WeightsView weights = reward_leaves(model, device);
    const PageModelOutputs outputs = page_model_forward(weights, form, batch, values);
    at::Tensor loss = weighted_sum(outputs.page, std::vector<double>{1, -2, 0.5, 1, 0.25, -1});
    if (form == PageModelForm::both) loss = loss + utility_loss(outputs, labels);
    add(weights, loss,
        form == PageModelForm::both ? std::vector{outputs.page, outputs.slots} : std::vector{outputs.page});
  }
  const FlatParameters model =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 4);
  const WeightsView weights = reward_leaves(model, device);
  const ItemModelOutputs outputs = item_model_forward(weights, batch);
  const std::vector<SwapInBatch> swaps{{0, 1, 1.0F, 0.5F, 0, 1}, {2, 3, -1.0F, 1.0F, 0, 1}};
  add(weights, swap_loss(full_swap_scores(outputs, swaps), swaps) + position_penalty(outputs, batch, swaps),
      {outputs.slots, outputs.discounted});
  return outcome;
}

void check_reward_outcome(const std::vector<at::Tensor>& ours, const std::vector<at::Tensor>& theirs) {
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i)
    CHECK((ours[i] - theirs[i]).abs().max().item<double>() <
          1e-10 * (1 + theirs[i].abs().max().item<double>()));
}

}  // namespace

TEST_CASE("operators give the scores, losses and gradients of reward models that own kernels give") {
  const std::vector<at::Tensor> own = reward_outcome(c10::kCPU);
  const OperatorsEverywhere everywhere;
  check_reward_outcome(reward_outcome(c10::kCPU), own);
}

TEST_CASE("a CUDA device gives the scores, losses and gradients of reward models", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  check_reward_outcome(reward_outcome(*device), reward_outcome(c10::kCPU));
}

}  // namespace pagewright
