#include "rewards/models/item_model.hpp"

#include <cmath>
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
  CHECK(swap_loss(outputs, swaps).item<double>() == Approx(expected).epsilon(1e-6));
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
  CHECK(swap_loss(unfair.outputs, unfair.swaps).item<double>() ==
        Approx(swap_loss(fair.outputs, fair.swaps).item<double>()).epsilon(1e-5));
  CHECK(position_penalty(fair.outputs, fair.batch, fair.swaps).item<double>() == 0);
  const double stretch = 1 / slot_discount(2) - 1 / slot_discount(0);
  CHECK(position_penalty(unfair.outputs, unfair.batch, unfair.swaps).item<double>() ==
        Approx(2.0 * stretch * stretch * (0.5 * 0.5 + 2.0 * 2.0)).epsilon(1e-5));
}

}  // namespace
}  // namespace pagewright
