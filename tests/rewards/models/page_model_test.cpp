#include "rewards/models/page_model.hpp"

#include <cmath>
#include <numeric>

#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "core/numerics/device_copy.hpp"
#include "rewards/models/feedback_pages.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/models/tensor_sums.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

double page_model_sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

TEST_CASE("the utility score is the sum of click and purchase probabilities times what they are worth") {
  const PageLanguage language = models_test::quickstart_language();
  const auto heads = page_model_heads(PageModelForm::utility);
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, heads), 3);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const GainWeights gains{1, 5, 1, 3000};
  std::vector<RequestPages> groups;
  std::vector<SlotValue> values;
  for (std::size_t p = 0; p < 2; ++p) {
    const Request& request = log.requests[static_cast<std::size_t>(log.pages[p].request)].request;
    groups.push_back(
        models_test::encoded_pages(language, request, log.pages[p].request, {log.pages[p].page}));
    const auto of_page = slot_values(gains, request, log.pages[p].page);
    values.insert(values.end(), of_page.begin(), of_page.end());
  }
  const c10::InferenceMode no_gradients;
  const PageModelOutputs outputs = page_model_forward(parameters.view(), PageModelForm::utility,
                                                      models_test::batch_of(language, groups), values);
  const auto click = floats_on_host(outputs.click_logit), purchase = floats_on_host(outputs.purchase_logit),
             slots = floats_on_host(outputs.slots), pages = floats_on_host(outputs.page);
  REQUIRE(slots.size() == 16);
  for (std::size_t p = 0; p < 2; ++p) {
    const std::vector<std::int32_t> items = log.pages[p].page.items();
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) {
      const auto& item = groups[p].request->candidates[static_cast<std::size_t>(items[k])];
      const double clicks = page_model_sigmoid(click[8 * p + k]);
      const double buys = page_model_sigmoid(purchase[8 * p + k]);
      const double gain = clicks * (1 + buys * 5 * static_cast<double>(*item.price) / 3000);
      CHECK(slots[8 * p + k] == Approx(gain).epsilon(1e-5));
      sum += gain;
    }
    CHECK(pages[p] == Approx(sum).epsilon(1e-5));
  }
}

TEST_CASE("what stands later on a page does not move the scores of the slots before it by a bit") {
  const PageLanguage language = models_test::quickstart_language();
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const LoggedPage& logged = log.pages[3];
  const Request& request = log.requests[static_cast<std::size_t>(logged.request)].request;
  std::vector<std::string> heads = page_model_heads(PageModelForm::utility);
  heads.push_back(kItemHead);
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, heads), 3);
  const c10::InferenceMode no_gradients;
  for (int changed = 1; changed < 7; ++changed) {
    const Page other = swap_slots(logged.page, changed, 7);
    const auto group = models_test::encoded_pages(language, request, logged.request, {logged.page, other});
    const PageBatch batch = models_test::batch_of(language, std::span(&group, 1));
    const std::vector<SlotValue> values(16, SlotValue{1, 2});
    const auto gains =
        floats_on_host(page_model_forward(parameters.view(), PageModelForm::utility, batch, values).slots);
    const auto items = floats_on_host(item_model_forward(parameters.view(), batch).slots);
    for (std::size_t k = 0; k < 8; ++k) {
      const bool before = static_cast<int>(k) < changed;
      CHECK((gains[k] == gains[8 + k]) == before);
      CHECK((items[k] == items[8 + k]) == before);
    }
  }
}

TEST_CASE("the utility loss adds the entropies of clicks, and of purchases where there was a click") {
  PageModelOutputs outputs;
  outputs.click_logit = tensor_like(std::vector<float>{0.3F, -1.2F, 2.0F}, at::zeros({1}));
  outputs.purchase_logit = tensor_like(std::vector<float>{-0.4F, 5.0F, 0.7F}, at::zeros({1}));
  const auto cost = [](double logit, bool happened) {
    return -std::log(page_model_sigmoid(happened ? logit : -logit));
  };
  const double expected =
      cost(0.3, true) + cost(-1.2, false) + cost(2.0, true) + cost(-0.4, false) + cost(0.7, true);
  CHECK(utility_loss(outputs, {{1, 0, 1}, {0, 0, 1}}).item<double>() == Approx(expected).epsilon(1e-6));
}

TEST_CASE("the page loss of a batch is the sum over its parts in every form") {
  const PageLanguage language = models_test::quickstart_language();
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const auto pool = make_lane_pool(2);
  const GainWeights gains{1, 5, 1, 3000};
  GainConfig of_gains;
  of_gains.propensities = PropensitySource::power;
  of_gains.price_ref = gains.price_ref;
  const PairSet pairs =
      make_pairs(log, language.schema(), ItemGains(of_gains, log), PairConfig{}, Split::train, 2);
  PageTaskData data{feedback_pages(log, language.schema(), GainConfig{}, Split::train), pairs.pairs};
  REQUIRE(data.pages.size() >= 24);
  REQUIRE(!data.pairs.empty());
  std::vector<std::int64_t> examples(24);
  std::iota(examples.begin(), examples.end(), 0);
  const std::span<const std::int64_t> all(examples);
  for (const PageModelForm form : {PageModelForm::utility, PageModelForm::pairs, PageModelForm::both}) {
    PageModelConfig config;
    config.form = form;
    const FlatParameters parameters =
        models_test::noisy_model(models_test::quickstart_model(language, page_model_heads(form)), 6);
    PageModelTask task(language, log, data, data, config, 0.05, gains, 9, *pool);
    task.begin_epoch(0);
    const c10::InferenceMode no_gradients;
    LaneSums sums;
    const auto loss = [&](std::span<const std::int64_t> part) {
      return task.loss(parameters.view(), part, sums).item<double>();
    };
    const double whole = loss(all);
    CHECK(whole > 0);
    CHECK(loss(all.first(11)) + loss(all.subspan(11)) == Approx(whole).epsilon(1e-6));
    task.begin_epoch(1);
    CHECK(loss(all) != Approx(whole).epsilon(1e-7));
  }
}

}  // namespace
}  // namespace pagewright
