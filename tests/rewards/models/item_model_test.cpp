#include "rewards/models/item_model.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "core/numerics/device_copy.hpp"
#include "rewards/models/item_task.hpp"
#include "rewards/models/tensor_sums.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

std::vector<SwapPair> item_model_swaps(const FeedbackLog& log, Split split) {
  GainConfig gains;
  gains.propensities = PropensitySource::power;
  gains.price_ref = 1.0;
  return make_swap_pairs(log, ItemGains(gains, log), split);
}

TEST_CASE("where scores do not depend on the order a swap changes the sum by discounts times scores") {
  const PageLanguage language = models_test::quickstart_language();
  FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 3);
  const World world = test::small_world(4, 120, 20);
  const FeedbackLog log = simulate_log(world);
  const LoggedPage& logged = log.pages[7];
  const Request& request = log.requests[static_cast<std::size_t>(logged.request)].request;
  std::vector<Page> pages{logged.page};
  std::vector<std::pair<int, int>> swaps;
  for (int i = 0; i < 8; ++i)
    for (int j = i + 1; j < 8; ++j) {
      pages.push_back(swap_slots(logged.page, i, j));
      swaps.emplace_back(i, j);
    }
  const auto group = models_test::encoded_pages(language, request, logged.request, pages);
  const PageBatch batch = models_test::batch_of(language, std::span(&group, 1));
  const auto largest_gap = [&] {
    const c10::InferenceMode no_gradients;
    const ItemModelOutputs outputs = item_model_forward(parameters.view(), batch);
    const std::vector<float> slots = floats_on_host(outputs.slots), sums = floats_on_host(outputs.discounted);
    double gap = 0, spread = 0;
    for (std::size_t swap = 0; swap < swaps.size(); ++swap) {
      const auto [i, j] = swaps[swap];
      const double expected =
          (slot_discount(i) - slot_discount(j)) *
          (static_cast<double>(slots[static_cast<std::size_t>(i)]) - slots[static_cast<std::size_t>(j)]);
      gap = std::max(gap, std::abs(static_cast<double>(sums[0]) - sums[swap + 1] - expected));
      spread = std::max(spread, std::abs(expected));
    }
    REQUIRE(spread > 0.01);
    return gap / spread;
  };
  CHECK(largest_gap() > 1e-3);  // with blocks at work the other slots' scores change as well
  models_test::silence_blocks(parameters);
  CHECK(largest_gap() < 1e-5);
}

TEST_CASE("the discounted sum of a page is that of its slots") {
  const PageLanguage language = models_test::quickstart_language();
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 5);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  std::vector<RequestPages> groups;
  for (std::size_t p = 0; p < 3; ++p)
    groups.push_back(models_test::encoded_pages(
        language, log.requests[static_cast<std::size_t>(log.pages[p].request)].request, log.pages[p].request,
        {log.pages[p].page}));
  const c10::InferenceMode no_gradients;
  const ItemModelOutputs outputs =
      item_model_forward(parameters.view(), models_test::batch_of(language, groups));
  const std::vector<float> slots = floats_on_host(outputs.slots), sums = floats_on_host(outputs.discounted);
  REQUIRE(slots.size() == 24);
  for (std::size_t p = 0; p < 3; ++p) {
    double sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum += slots[8 * p + k] / std::log2(static_cast<double>(k) + 2);
    CHECK(sums[p] == Approx(sum).epsilon(1e-5));
  }
}

TEST_CASE("the item loss of a batch is the sum over its parts, and swaps are drawn anew each epoch") {
  const PageLanguage language = models_test::quickstart_language();
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 6);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const auto pool = make_lane_pool(2);
  ItemModelConfig config;
  config.swaps = 3;
  ItemModelTask task(language, log, item_model_swaps(log, Split::train), item_model_swaps(log, Split::valid),
                     config, 9, *pool);
  REQUIRE(task.examples() >= 24);
  std::vector<std::int64_t> examples(24);
  std::iota(examples.begin(), examples.end(), 0);
  const c10::InferenceMode no_gradients;
  const auto loss = [&](std::span<const std::int64_t> part, LaneSums& sums) {
    return task.loss(parameters.view(), part, sums).item<double>();
  };
  task.begin_epoch(0);
  LaneSums whole_sums, part_sums;
  const double whole = loss(examples, whole_sums);
  const std::span<const std::int64_t> all(examples);
  const double parts = loss(all.first(13), part_sums) + loss(all.subspan(13), part_sums);
  CHECK(parts == Approx(whole).epsilon(1e-6));
  CHECK(part_sums["swaps"] == whole_sums["swaps"]);
  CHECK(part_sums["swaps_right"] == whole_sums["swaps_right"]);
  task.begin_epoch(1);
  LaneSums other_sums;
  CHECK(loss(examples, other_sums) != Approx(whole).epsilon(1e-6));
  task.begin_epoch(0);
  CHECK(loss(examples, other_sums) == whole);
}

TEST_CASE("the swap loss weighs the logistic losses of the signed gaps") {
  ItemModelOutputs outputs;
  outputs.discounted = tensor_like(std::vector<float>{1.0F, 0.25F, 1.5F}, at::zeros({1}));
  const std::vector<SwapInBatch> swaps{{0, 1, 1, 2.0F, 0, 1}, {0, 2, -1, 0.5F, 0, 2}};
  // -log sigmoid of the gaps 0.75 and 0.5
  const double expected = 2 * std::log1p(std::exp(-0.75)) + 0.5 * std::log1p(std::exp(-0.5));
  CHECK(swap_loss(full_swap_scores(outputs, swaps), swaps).item<double>() == Approx(expected).epsilon(1e-6));
}

/// The scores of two pages of three slots, the second with slots 0 and 2 swapped.
struct SwappedScores {
  ItemModelOutputs outputs;
  PageBatch batch;
  std::vector<SwapInBatch> swaps{{0, 1, 1, 2.0F, 0, 2}};
  explicit SwappedScores(const std::vector<float>& slots) {
    outputs.slots = tensor_like(slots, at::zeros({1}));
    batch.slot_offsets = {0, 3, 6};
    batch.slot_page = {0, 0, 0, 1, 1, 1};
    batch.page_row = {0, 0};
    std::vector<float> discounts;
    for (int slot = 0; slot < 6; ++slot) discounts.push_back(static_cast<float>(slot_discount(slot % 3)));
    outputs.discounted = sum_by_page(outputs.slots * tensor_like(discounts, outputs.slots), batch);
  }
};

TEST_CASE("the swap loss does not see what an item adds by where it stands, and the position penalty does") {
  // Items a, b, c on the first page, c, b, a on the second; every item scores the same at each place.
  const SwappedScores fair({3, 1, -1, -1, 1, 3});
  std::vector<float> with_more{3, 1, -1, -1, 1, 3};
  const float more[] = {0.5F, 4.0F, -2.0F};  // u(a), u(b), u(c)
  for (std::size_t slot = 0; slot < 6; ++slot)
    with_more[slot] += more[slot < 3 ? slot : 5 - slot] / static_cast<float>(slot_discount(int(slot) % 3));
  const SwappedScores unfair(with_more);
  CHECK(
      swap_loss(full_swap_scores(unfair.outputs, unfair.swaps), unfair.swaps).item<double>() ==
      Approx(swap_loss(full_swap_scores(fair.outputs, fair.swaps), fair.swaps).item<double>()).epsilon(1e-5));
  CHECK(position_penalty(fair.outputs, fair.batch, fair.swaps).item<double>() == 0);
  const double stretch = 1 / slot_discount(2) - 1 / slot_discount(0);
  CHECK(position_penalty(unfair.outputs, unfair.batch, unfair.swaps).item<double>() ==
        Approx(2.0 * stretch * stretch * (0.5 * 0.5 + 2.0 * 2.0)).epsilon(1e-5));
}

/// The item loss of pages with all their valid swaps, page by page and in double, from nothing but the scores
/// of single pages.
double item_loss_by_hand(const PageLanguage& language, const FlatParameters& parameters,
                         const FeedbackLog& log, const std::vector<SwapPair>& swaps,
                         const ItemModelConfig& config) {
  const auto scores = [&](std::int64_t request, const Page& page) {
    const auto group = models_test::encoded_pages(
        language, log.requests[static_cast<std::size_t>(request)].request, request, {page});
    return floats_on_host(
        item_model_forward(parameters.view(), models_test::batch_of(language, std::span(&group, 1))).slots);
  };
  const auto discount = [](std::size_t slot) { return 1 / std::log2(static_cast<double>(slot) + 2); };
  std::map<std::int64_t, std::vector<SwapPair>> by_page;
  for (const SwapPair& swap : swaps) {
    const LoggedPage& page = log.pages[static_cast<std::size_t>(swap.page)];
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    if (page_violations(language.schema(), request, swap_slots(page.page, swap.i, swap.j)).empty())
      by_page[swap.page].push_back(swap);
  }
  double total = 0;
  for (const auto& [index, of_page] : by_page) {
    const LoggedPage& page = log.pages[static_cast<std::size_t>(index)];
    const std::vector<float> here = scores(page.request, page.page);
    for (const SwapPair& swap : of_page) {
      const auto i = static_cast<std::size_t>(swap.i), j = static_cast<std::size_t>(swap.j);
      double gap = (discount(i) - discount(j)) * (static_cast<double>(here[i]) - here[j]), penalty = 0;
      if (config.form == SwapForm::full) {
        const std::vector<float> there = scores(page.request, swap_slots(page.page, swap.i, swap.j));
        gap = 0;
        for (std::size_t k = 0; k < here.size(); ++k)
          gap += discount(k) * (static_cast<double>(here[k]) - there[k]);
        penalty = config.position_penalty * (std::pow(static_cast<double>(here[i]) - there[j], 2) +
                                             std::pow(static_cast<double>(here[j]) - there[i], 2));
      }
      double weight = swap.weight / static_cast<double>(of_page.size());
      if (config.weight == SwapWeight::ndcg) weight /= swap.ideal;
      total += weight * (std::log1p(std::exp(swap.first_better ? -gap : gap)) + penalty);
    }
  }
  return total;
}

TEST_CASE("the item loss of every form and weight is the one by hand, in double") {
  const PageLanguage language = models_test::quickstart_language();
  const FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 6);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const auto pool = make_lane_pool(2);
  std::vector<SwapPair> swaps = item_model_swaps(log, Split::train);
  const auto other = std::find_if(swaps.begin(), swaps.end(),
                                  [&](const SwapPair& swap) { return swap.page > swaps.front().page + 12; });
  swaps.erase(other, swaps.end());
  const c10::InferenceMode no_gradients;
  std::vector<double> losses;
  for (const SwapForm form : {SwapForm::full, SwapForm::order_free})
    for (const SwapWeight weight : {SwapWeight::dcg, SwapWeight::ndcg}) {
      ItemModelConfig config;
      config.form = form;
      config.weight = weight;
      config.swaps = 1000;
      ItemModelTask task(language, log, swaps, {}, config, 9, *pool);
      task.begin_epoch(0);
      std::vector<std::int64_t> examples(static_cast<std::size_t>(task.examples()));
      std::iota(examples.begin(), examples.end(), 0);
      LaneSums sums;
      losses.push_back(task.loss(parameters.view(), examples, sums).item<double>());
      CHECK(losses.back() ==
            Approx(item_loss_by_hand(language, parameters, log, swaps, config)).epsilon(1e-5));
    }
  for (std::size_t a = 0; a < losses.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) CHECK(losses[a] != Approx(losses[b]).epsilon(1e-3));
}

TEST_CASE("where scores do not depend on the order both forms of the swap loss are one") {
  const PageLanguage language = models_test::quickstart_language();
  FlatParameters parameters =
      models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 3);
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const auto pool = make_lane_pool(2);
  const auto gap = [&] {
    double loss[2] = {};
    for (const SwapForm form : {SwapForm::full, SwapForm::order_free}) {
      ItemModelConfig config;
      config.form = form;
      config.position_penalty = 0;
      ItemModelTask task(language, log, item_model_swaps(log, Split::train), {}, config, 9, *pool);
      task.begin_epoch(0);
      const c10::InferenceMode no_gradients;
      LaneSums sums;
      loss[form == SwapForm::full] =
          task.loss(parameters.view(), std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}, sums).item<double>();
    }
    return std::abs(loss[0] - loss[1]) / loss[0];
  };
  CHECK(gap() > 1e-4);
  models_test::silence_blocks(parameters);
  CHECK(gap() < 1e-6);
}

TEST_CASE("a swap knows the ideal DCG of its page") {
  const FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  const PositionPropensities propensities(power_law_propensities(8, 0.5), 10);
  int seen = 0;
  for (const SwapPair& swap : item_model_swaps(log, Split::train)) {
    const LoggedPage& page = log.pages[static_cast<std::size_t>(swap.page)];
    const Request& request = log.requests[static_cast<std::size_t>(page.request)].request;
    std::vector<double> gains = slot_gains(GainWeights{}, request, page);
    for (std::size_t k = 0; k < gains.size(); ++k) gains[k] *= propensities.inverse(static_cast<int>(k));
    double best = 0;  // of all orders, by trying each item in each place, largest first
    for (std::size_t k = 0; k < 8; ++k) {
      const auto largest = std::max_element(gains.begin(), gains.end());
      best += *largest / std::log2(static_cast<double>(k) + 2);
      *largest = 0;
    }
    CHECK(swap.ideal == Approx(best));
    if (++seen == 40) break;
  }
  CHECK(seen == 40);
}

}  // namespace
}  // namespace pagewright
