// Cart and revenue heads of the page model.
#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/numerics/device_copy.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/models/tensor_sums.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

double heads_sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

at::Tensor head_leaf(const std::vector<double>& values) {
  at::Tensor leaf = at::zeros({static_cast<std::int64_t>(values.size())}, at::kDouble);
  std::copy(values.begin(), values.end(), leaf.data_ptr<double>());
  return leaf.set_requires_grad(true);
}

std::vector<double> head_gradient(const at::Tensor& leaf) {
  const double* begin = leaf.grad().const_data_ptr<double>();
  return {begin, begin + leaf.numel()};
}

TEST_CASE("cart and revenue add their losses and gradients, by their closed forms") {
  PageModelOutputs outputs;
  outputs.click_logit = head_leaf({0.3, -1.2, 2.0, 0.1});
  outputs.purchase_logit = head_leaf({-0.4, 5.0, 0.7, 0.2});
  outputs.cart_logit = head_leaf({1.1, -0.3, -0.6, 0.4});
  outputs.revenue = head_leaf({0.2, 0.5, -0.7, 0.3});
  // Slot 0 is clicked and put into the cart, 2 is bought at 2.5 times its price, 3 at an unknown one.
  const SlotLabels labels{{1, 0, 1, 1}, {0, 0, 1, 1}, {1, 0, 0, 1}, {0, 0, 2.5F, 0}};
  const std::vector<double> weights{1, 1, 0.5, 2};
  const auto cost = [](double logit, bool happened) {
    return -std::log(heads_sigmoid(happened ? logit : -logit));
  };
  const double expected =
      cost(0.3, true) + cost(-0.4, false) + cost(1.1, true) + cost(-1.2, false) +
      0.5 * (cost(2.0, true) + cost(0.7, true) + cost(-0.6, false) + 2.5 * std::exp(0.7) - 0.7) +
      2 * (cost(0.1, true) + cost(0.2, true) + cost(0.4, true));
  const at::Tensor loss = utility_loss(outputs, labels, weights);
  CHECK(loss.item<double>() == Approx(expected).epsilon(1e-6));
  torch::autograd::backward({loss});
  const auto cart = head_gradient(outputs.cart_logit), revenue = head_gradient(outputs.revenue);
  const double cart_expected[] = {heads_sigmoid(1.1) - 1, 0, 0.5 * heads_sigmoid(-0.6),
                                  2 * (heads_sigmoid(0.4) - 1)};
  const double revenue_expected[] = {0, 0, 0.5 * (1 - 2.5 * std::exp(0.7)), 0};
  for (std::size_t s = 0; s < 4; ++s) {
    CHECK(cart[s] == Approx(cart_expected[s]).margin(1e-7));
    CHECK(revenue[s] == Approx(revenue_expected[s]).margin(1e-7));
  }
}

TEST_CASE("the gamma loss is least where the revenue head says the mean, not the mean of logarithms") {
  // One h for purchases of .5, 1 and 4.5 times the price: the slope is 0 at e^h = 2.
  PageModelOutputs outputs;
  outputs.click_logit = head_leaf({0, 0, 0});
  outputs.purchase_logit = head_leaf({0, 0, 0});
  outputs.revenue = head_leaf(std::vector<double>(3, std::log(2.0)));
  torch::autograd::backward({utility_loss(outputs, {{1, 1, 1}, {1, 1, 1}, {}, {0.5F, 1, 4.5F}})});
  const auto slope = head_gradient(outputs.revenue);
  CHECK(slope[0] + slope[1] + slope[2] == Approx(0).margin(1e-6));
}

TEST_CASE("the expected gain counts carts, and purchases at what the revenue head expects") {
  const PageLanguage language = models_test::quickstart_language();
  PageHeads all;
  all.cart = all.revenue = true;
  const FlatParameters parameters = models_test::noisy_model(
      models_test::quickstart_model(language, page_model_heads(PageModelForm::utility, all)), 3);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const GainWeights gains{.click = 1, .purchase = 5, .price_power = 1, .price_ref = 3000, .cart = 2};
  const Request& request = log.requests[static_cast<std::size_t>(log.pages[0].request)].request;
  const auto group = models_test::encoded_pages(language, request, log.pages[0].request, {log.pages[0].page});
  const std::vector<SlotValue> values = slot_values(gains, request, log.pages[0].page);
  const c10::InferenceMode no_gradients;
  PageCalibration calibration;
  calibration.cart.kind = CalibrationKind::temperature;
  calibration.cart.temperature = 3;
  const PageModelOutputs outputs =
      page_model_forward(parameters.view(), PageModelForm::utility,
                         models_test::batch_of(language, std::span(&group, 1)), values, calibration);
  const auto click = floats_on_host(outputs.click_logit), purchase = floats_on_host(outputs.purchase_logit),
             cart = floats_on_host(outputs.cart_logit), revenue = floats_on_host(outputs.revenue),
             slots = floats_on_host(outputs.slots);
  const std::vector<std::int32_t> items = log.pages[0].page.items();
  for (std::size_t k = 0; k < 8; ++k) {
    const double price = static_cast<double>(*request.candidates[static_cast<std::size_t>(items[k])].price);
    const double gain = heads_sigmoid(click[k]) * (1 + 2 * heads_sigmoid(cart[k] / 3.0) +
                                                   heads_sigmoid(purchase[k]) * 5 * price / 3000 *
                                                       std::exp(static_cast<double>(revenue[k])));
    CHECK(slots[k] == Approx(gain).epsilon(1e-5));
  }
  CHECK(page_heads({}, {}).cart == false);
  GainConfig with_carts;
  with_carts.cart = 2;
  CHECK(page_heads({}, with_carts).cart);
}

TEST_CASE("carts and what was paid reach the page model, and carts without a gain are clicks") {
  FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const PageLanguage language = models_test::quickstart_language();
  LoggedPage& page = log.pages[0];
  page.events = {{EventKind::cart, 2, 0, std::nullopt, 1},
                 {EventKind::click, 1, 0, std::nullopt, 1},
                 {EventKind::purchase, 1, 0, 700, 3}};
  log.requests[static_cast<std::size_t>(page.request)].split = Split::train;
  log.pages.resize(1);
  GainConfig config;
  const FeedbackPage plain = feedback_pages(log, language.schema(), config, Split::train).at(0);
  CHECK(plain.clicked == std::vector<float>{0, 1, 1, 0, 0, 0, 0, 0});
  config.cart = 2;
  config.price_ref = 1000;
  const FeedbackPage with_carts = feedback_pages(log, language.schema(), config, Split::train).at(0);
  CHECK(with_carts.clicked == std::vector<float>{0, 1, 1, 0, 0, 0, 0, 0});
  CHECK(with_carts.carted == std::vector<float>{0, 0, 1, 0, 0, 0, 0, 0});
  CHECK(with_carts.paid == std::vector<float>{0, 2100, 0, 0, 0, 0, 0, 0});
  const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
  const std::vector<double> gains = slot_gains(gain_weights(config, log), request, page);
  CHECK(gains[1] == Approx(1 + 5 * 2.1));
  CHECK(gains[2] == 3);
  config.cart = 0;
  CHECK(slot_gains(gain_weights(config, log), request, page)[2] == 1);
}

TEST_CASE("the revenue head learns from what was paid against the listed price") {
  FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const PageLanguage language = models_test::quickstart_language();
  LoggedPage& logged = log.pages[0];
  const Request& request = log.requests[static_cast<std::size_t>(logged.request)].request;
  const std::int64_t listed = *request.candidates[static_cast<std::size_t>(logged.page.items()[1])].price;
  logged.events = {{EventKind::purchase, 1, 0, listed, 3}};
  const GainWeights gains{1, 5, 0.5, 3000};
  PageTaskData data{feedback_pages(log, language.schema(), GainConfig{},
                                   log.requests[static_cast<std::size_t>(logged.request)].split),
                    {}};
  const auto page = std::find_if(data.pages.begin(), data.pages.end(), [&](const FeedbackPage& p) {
    return p.page == logged.page && p.paid[1] > 0;
  });
  REQUIRE(page != data.pages.end());
  data.pages = {*page};
  PageHeads heads;
  heads.revenue = true;
  PageModelConfig config;
  config.revenue = RevenueSource::head;
  const FlatParameters parameters = models_test::noisy_model(
      models_test::quickstart_model(language, page_model_heads(PageModelForm::utility, heads)), 3);
  const auto pool = make_lane_pool(1);
  PageModelTask task(language, log, data, data, config, 0.05, gains, 9, *pool);
  task.begin_epoch(0);
  const c10::InferenceMode no_gradients;
  const auto group = models_test::encoded_pages(language, request, logged.request, {logged.page});
  PageModelOutputs outputs =
      page_model_forward(parameters.view(), PageModelForm::utility,
                         models_test::batch_of(language, std::span(&group, 1)), std::vector<SlotValue>(8));
  const double h = floats_on_host(outputs.revenue)[1];
  outputs.revenue = at::Tensor();
  LaneSums sums;
  const double with = task.loss(parameters.view(), std::vector<std::int64_t>{0}, sums).item<double>();
  const double without = utility_loss(outputs, {page->clicked, page->purchased, {}, {}}).item<double>();
  CHECK(with - without == Approx(std::sqrt(3.0) * std::exp(-h) + h).epsilon(1e-4));
}

}  // namespace
}  // namespace pagewright
