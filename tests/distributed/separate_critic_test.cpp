#include <cmath>

#include <ATen/ops/equal.h>

#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/pipeline/page_evaluation.hpp"
#include "distributed/pipeline/page_loss.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using shop_test::ShopRun;

const shop_test::ShopNetworks kSeparate{.separate_critic = true};

LocalCommunicator& lone_learner() {
  static LocalCommunicator learner;
  return learner;
}

ShopRun separate_shop(const PpoConfig& config, int threads = 1,
                      const shop_test::ShopNetworks& networks = kSeparate) {
  return {config, threads, lone_learner(), {}, 3e-3, 1, networks};
}

std::vector<const LearningRequest*> pointers_to(const Experience& experience) {
  std::vector<const LearningRequest*> pointers;
  for (const LearningRequest& request : experience.requests) pointers.push_back(&request);
  return pointers;
}

/// The pages of a run's first iteration.
Experience first_pages(ShopRun& shop) {
  std::optional<Experience> pages;
  PipelineHooks hooks;
  hooks.on_experience = [&](std::int64_t iteration, const Experience& experience) {
    if (iteration == 0) pages = experience;
  };
  shop.run(1, hooks);
  return *pages;
}

}  // namespace

TEST_CASE("old values are the separate critic's, of its weights at the start of the update") {
  PpoConfig config = shop_test::shop_config();
  ShopRun shop = separate_shop(config);
  int looked_at = 0;
  bool moved = false;
  PipelineHooks hooks;
  hooks.on_experience = [&](std::int64_t, const Experience& experience) {
    const auto requests = pointers_to(experience);
    const at::Tensor values =
        evaluate_values(shop.critic()->parameters().view(), shop.language().vocabulary(), requests);
    std::int64_t row = 0;
    for (const LearningRequest& request : experience.requests)
      for (const LearningPage& page : request.pages)
        for (const float old_value : page.old_values) {
          const float value = values.const_data_ptr<float>()[row++];
          CHECK(value == old_value);
          moved = moved || value != 0;
        }
    ++looked_at;
  };
  const auto reports = shop.run({}, hooks);
  CHECK(looked_at == config.iterations + 1);
  CHECK(moved);  // the value head starts at zero
  CHECK_FALSE(shop.parameters().config().value_head);
  for (std::size_t i = 0; i + 1 < reports.size(); ++i) {
    CHECK(reports[i].metrics.at("first_ratio_deviation") == 0);
    CHECK(reports[i].metrics.at("critic_grad_norm") > 0);
  }
}

TEST_CASE("the critic's gradient at its start is that of half the mean squared return, by hand") {
  PpoConfig config = shop_test::shop_config();
  ShopRun shop = separate_shop(config);
  Experience pages = first_pages(shop);
  ShopRun fresh = separate_shop(config);
  FlatParameters& critic = fresh.critic()->parameters();
  const auto requests = pointers_to(pages);
  std::vector<double> returns;
  GlobalCounts counts;
  for (LearningRequest& request : pages.requests)
    for (LearningPage& page : request.pages) {
      returns.insert(returns.end(), page.returns.begin(), page.returns.end());
      counts.sequences += 1;
    }
  counts.tokens = static_cast<double>(returns.size());
  // V = 0 everywhere, so the loss is sum r^2 / 2 over tokens and its derivative by the head's bias is - mean
  // r.
  auto leaves = std::make_shared<WeightsView::Tensors>();
  const WeightsView start = critic.view();
  for (const auto& [name, tensor] : start.tensors()) (*leaves)[name] = tensor.clone().set_requires_grad(true);
  const WeightsView weights(critic.shared_config(), leaves, 0);
  LaneSums sums;
  const at::Tensor loss = critic_loss(config, weights, fresh.language().vocabulary(), requests, counts, sums);
  loss.backward();
  double mean = 0, square = 0;
  for (const double value : returns) mean += value / counts.tokens, square += value * value / counts.tokens;
  CHECK(loss.item<double>() == Approx(square / 2).epsilon(1e-5));
  CHECK(weights.at("value_head.bias").grad().item<double>() == Approx(-mean).epsilon(1e-4));
  CHECK(sums.at("value_loss") == Approx(square / 2).epsilon(1e-5));
  CHECK(sums.at("value_tokens") == counts.tokens);
}

TEST_CASE("while a separate critic warms up the policy does not move, and learns thereafter") {
  PpoConfig config = shop_test::shop_config();
  config.iterations = 2;
  config.critic_warmup = 6;  // of 4 steps an iteration
  ShopRun shop = separate_shop(config);
  const at::Tensor start = shop.parameters().values().clone();
  const at::Tensor critic_start = shop.critic()->parameters().values().clone();
  std::vector<at::Tensor> seen;
  PipelineHooks hooks;
  hooks.on_experience = [&](std::int64_t, const Experience&) {
    seen.push_back(shop.parameters().values().clone());
  };
  const auto reports = shop.run({}, hooks);
  REQUIRE(seen.size() == 3);
  CHECK(at::equal(seen[1], start));
  CHECK_FALSE(at::equal(seen[2], start));
  CHECK_FALSE(at::equal(shop.critic()->parameters().values(), critic_start));
  CHECK(shop.critic()->parameters().step() == 8);
  CHECK(shop.parameters().step() == 2);
  CHECK_FALSE(reports[0].metrics.contains("policy_loss"));
  CHECK(reports[1].metrics.contains("policy_loss"));
  CHECK(reports[1].metrics.at("first_ratio_deviation") == 0);
}

TEST_CASE("a run with a separate critic is resumed bit for bit, on any number of threads, stale pages too") {
  PpoConfig config = shop_test::shop_config();
  config.critic_warmup = 3;
  config.max_staleness = 1;
  shop_test::ShopNetworks networks = kSeparate;
  for (const std::int64_t rank : {0, 2}) {
    networks.lora.rank = networks.critic_lora.rank = rank;
    ShopRun whole = separate_shop(config, 1, networks), first = separate_shop(config, 2, networks),
            second = separate_shop(config, 1, networks);
    whole.run();
    first.run(1);
    const Checkpoint saved = to_checkpoint(first.trainers(), first.pipeline().state(), {});
    CHECK(hash_parts(first.trainers(), saved) == hash_checkpoint(saved));
    second.pipeline().restore(from_checkpoint(second.trainers(), saved));
    second.run();
    const auto hashes = [](ShopRun& shop) {
      return hash_parts(shop.trainers(), to_checkpoint(shop.trainers(), shop.pipeline().state(), {}));
    };
    CHECK(hashes(second) == hashes(whole));
    CHECK(second.critic()->parameters().parameters_sha256() ==
          whole.critic()->parameters().parameters_sha256());
  }
}

TEST_CASE("a checkpoint with a separate critic is not that of a run without one") {
  ShopRun separate = separate_shop(shop_test::shop_config());
  ShopRun shared(shop_test::shop_config(), 1);
  const Checkpoint without = to_checkpoint(shared.trainers(), shared.pipeline().state(), {});
  CHECK(test::contains(test::error_text([&] { from_checkpoint(separate.trainers(), without); }), "critic"));
  CHECK_THROWS_AS(separate.pipeline().restore(shared.pipeline().state()), Error);
}

}  // namespace pagewright
