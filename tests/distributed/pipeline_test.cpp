#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "distributed/pipeline/page_credit.hpp"
#include "distributed/pipeline/page_evaluation.hpp"
#include "distributed/pipeline/page_loss.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;
using namespace pagewright::shop_test;

namespace {

std::vector<int> lane_numbers(int lanes) {
  std::vector<int> numbers(static_cast<std::size_t>(lanes));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

Metrics credit(const PpoConfig& config, double kl_coefficient, Experience& experience) {
  LocalCommunicator alone;
  return assign_credit(config, kl_coefficient, experience,
                       LearnerLanes(alone, static_cast<int>(experience.lanes.size())));
}

Experience shop_experience(ShopRun& shop, int requests, int samples, int lanes) {
  const auto keyed = shop.keyed_requests(requests);
  SampleOptions options;
  options.seed = 3;
  options.samples = samples;
  PhaseClock clock;
  LocalPageSource source(shop.generator(), shop.scorer());
  source.order(keyed, options, clock);
  ScoredPages pages = source.take(clock);
  Experience experience =
      gather_experience(shop.language(), keyed, std::move(pages.trajectories), std::move(pages.scores),
                        samples, lane_numbers(lanes), shop.pool());
  evaluate_old(shop.parameters().view(), shop.language().vocabulary(), experience, shop.pool());
  return experience;
}

double wanted_reward(const Score& score) {
  double sum = score.page_reward + score.format_reward;
  for (const float slot : score.slot_rewards) sum += slot;
  return sum;
}

}  // namespace

TEST_CASE("at the first update the ratio is exactly 1 and the divergence exactly 0") {
  ShopRun shop(shop_config(), 2);
  const auto reports = shop.run();
  REQUIRE(reports.size() == 4);
  CHECK(reports[0].metrics.at("kl_per_page") == 0);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(reports[i].metrics.at("first_ratio_deviation") == 0);
    CHECK(reports[i].metrics.at("first_clip_fraction") == 0);
    CHECK(reports[i].metrics.at("behaviour_drift") == 0);
    CHECK(reports[i].metrics.at("pages_drawn") == 32);
    CHECK(reports[i].metrics.at("pages_learnt") == 32);
    CHECK(reports[i].metrics.at("valid") == 1);
    CHECK(reports[i].metrics.at("skipped_steps") == 0);
  }
  CHECK(reports[2].metrics.at("ratio_max_deviation") > 0);
  CHECK(reports[2].metrics.at("kl_per_page") != 0);
  CHECK_FALSE(reports[3].learnt);
  CHECK(shop.parameters().step() == 3 * 4);
}

TEST_CASE("the policy learns what is rewarded, with either credit and with KL in reward or loss") {
  for (const auto& [credit, place] : {std::pair{CreditPlacement::per_item, KlPlace::reward},
                                      std::pair{CreditPlacement::terminal, KlPlace::loss}}) {
    PpoConfig config = shop_config();
    config.iterations = 16;
    config.samples = 4;
    config.credit = credit;
    config.kl_in = place;
    config.kl_estimator = place == KlPlace::loss ? KlEstimator::k3_plus : KlEstimator::k1;
    config.kl.hard_stop = 0;
    ShopRun shop(config, 2, 1e-2);
    const auto reports = shop.run();
    const auto mean = [&](std::size_t begin) {
      double sum = 0;
      for (std::size_t i = begin; i < begin + 3; ++i) sum += reports[i].metrics.at("reward");
      return sum / 3;
    };
    CHECK(mean(reports.size() - 3) > mean(0) + 0.5);
  }
}

TEST_CASE("training gives the same bits with one thread or several, lanes side by side") {
  ShopRun one(shop_config(), 1), two(shop_config(), 2), three(shop_config(), 3);
  const auto reports = one.run();
  const auto others = two.run();
  three.run();
  CHECK(one.parameters().parameters_sha256() == two.parameters().parameters_sha256());
  CHECK(one.parameters().parameters_sha256() == three.parameters().parameters_sha256());
  for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == others[i].metrics);
}

TEST_CASE("a mini-batch in micro-batches learns the same but for rounding, with as many pages") {
  PpoConfig config = shop_config();
  config.mini_batches = 1;  // four requests a lane
  ShopRun whole(config, 2);
  const auto expected = whole.run();
  for (const int size : {1, 3, 4}) {
    config.micro_batch = size;
    ShopRun parts(config, 2);
    const auto reports = parts.run();
    const at::Tensor difference = (parts.parameters().values() - whole.parameters().values()).abs();
    CHECK(difference.max().item<double>() < 1e-4);
    CHECK((difference.max().item<double>() == 0) == (size == 4));
    for (std::size_t i = 0; i < reports.size() - 1; ++i) {
      CHECK(reports[i].metrics.at("pages_learnt") == 32);
      CHECK(reports[i].metrics.at("first_ratio_deviation") == 0);
    }
    CHECK(reports[0].metrics.at("grad_norm") == Approx(expected[0].metrics.at("grad_norm")).epsilon(1e-5));
  }
}

TEST_CASE(
    "micro-batches bounded by positions learn the same but for rounding, and metrics tell the packing") {
  PpoConfig config = shop_config();
  config.mini_batches = 1;  // four requests a lane, each of 9 positions and twice 7 or 8
  ShopRun whole(config, 2);
  const auto expected = whole.run();
  const Metrics& all = expected[0].metrics;
  CHECK(all.at("micro_batches") == 4);  // one of each lane
  CHECK(all.at("unshared_tokens") == all.at("packed_tokens") + 16 * 9);
  CHECK(all.at("packed_tokens") >= 16 * 23);
  CHECK(all.at("packed_tokens") <= 16 * 25);
  CHECK(all.at("largest_micro_batch") <= 4 * 25);

  std::string digest_of_single_requests;
  for (const int budget : {1, 25, 48, 100}) {
    config.micro_batch_tokens = budget;
    ShopRun parts(config, 2), again(config, 1);
    const auto reports = parts.run();
    again.run();
    const std::string digest = parts.parameters().parameters_sha256();
    CHECK(again.parameters().parameters_sha256() == digest);
    const at::Tensor difference = (parts.parameters().values() - whole.parameters().values()).abs();
    CHECK(difference.max().item<double>() < 1e-4);
    CHECK((difference.max().item<double>() == 0) == (budget == 100));
    const Metrics& metrics = reports[0].metrics;
    CHECK(metrics.at("pages_learnt") == 32);
    CHECK(metrics.at("packed_tokens") == all.at("packed_tokens"));
    CHECK(metrics.at("grad_norm") == Approx(all.at("grad_norm")).epsilon(1e-5));
    if (budget <= 25) {  // a request that is larger than the bound is by itself
      CHECK(metrics.at("micro_batches") == 16);
      CHECK(metrics.at("largest_micro_batch") >= 23);
      CHECK(metrics.at("largest_micro_batch") <= 25);
      if (budget == 1) digest_of_single_requests = digest;
      CHECK(digest == digest_of_single_requests);
    } else {
      CHECK(metrics.at("largest_micro_batch") <= budget);
      CHECK(metrics.at("micro_batches") < 16);
    }
  }
  config.micro_batch_tokens = 0;
  config.micro_batch = 1;
  ShopRun by_number(config, 1);
  by_number.run();
  CHECK(by_number.parameters().parameters_sha256() == digest_of_single_requests);
}

TEST_CASE("a run that is interrupted and restored goes on bit for bit") {
  ShopRun whole(shop_config(), 2);
  const auto expected = whole.run();
  ShopRun first(shop_config(), 2);
  CHECK(first.run(1).size() == 1);
  const PipelineState state = first.pipeline().state();
  first.run();  // the copy must not follow the run

  ShopRun second(shop_config(), 1);
  second.pipeline().restore(state);
  const auto rest = second.run();
  REQUIRE(rest.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(rest[i].metrics == expected[i + 1].metrics);
  CHECK(second.parameters().parameters_sha256() == whole.parameters().parameters_sha256());
  const PipelineState a = whole.pipeline().state(), b = second.pipeline().state();
  CHECK(a.kl_coefficient == b.kl_coefficient);
  CHECK(a.iteration == b.iteration);
  CHECK(a.optimizer_step == b.optimizer_step);
  CHECK(a.shard.second_moment.equal(b.shard.second_moment));
  CHECK(a.within_budget.equal(b.within_budget));

  PipelineState foreign = state;
  foreign.shard.values = foreign.shard.values.slice(0, 0, 128);
  CHECK_THROWS_WITH(second.pipeline().restore(foreign), "the saved state's parameters are not of this model");
}

TEST_CASE("pages are as stale as configured, and the measurement that ends a run is fresh") {
  for (const int staleness : {0, 1, 2, 5}) {
    PpoConfig config = shop_config();
    config.max_staleness = staleness;
    ShopRun shop(config, 2);
    std::vector<std::int64_t> versions, generated_by;
    PipelineHooks hooks;
    hooks.on_experience = [&](std::int64_t, const Experience& pages) {
      versions.push_back(shop.parameters().version());
      std::set<std::int64_t> seen;
      for (const LearningRequest& request : pages.requests)
        for (const LearningPage& page : request.pages) seen.insert(page.trajectory.policy_version);
      REQUIRE(seen.size() == 1);
      generated_by.push_back(*seen.begin());
    };
    std::vector<IterationReport> reports;
    hooks.on_report = [&](const IterationReport& report) { reports.push_back(report); };
    CHECK(shop.pipeline().run(hooks));
    REQUIRE(versions.size() == 4);
    for (int iteration = 0; iteration < 3; ++iteration) {
      const auto from = static_cast<std::size_t>(std::max(0, iteration - staleness));
      const Metrics& metrics = reports[static_cast<std::size_t>(iteration)].metrics;
      CHECK(generated_by[static_cast<std::size_t>(iteration)] == versions[from]);
      CHECK((staleness == 0 || metrics.at("staleness") == std::min(iteration, staleness)));
      CHECK((metrics.at("behaviour_drift") > 0) == (staleness > 0 && iteration > 0));
      CHECK(metrics.contains("importance_mean") == (staleness > 0));
      CHECK(metrics.at("first_ratio_deviation") == 0);
    }
    CHECK(generated_by[3] == versions[3]);
    for (const LaneAccount& lane : shop.pipeline().ledger().own())
      CHECK(lane == LaneAccount{4 * 8, 3 * 8, 8, 0, 0});
  }
}

TEST_CASE("with stale pages the policy learns what is rewarded, too") {
  PpoConfig config = shop_config();
  config.iterations = 16;
  config.samples = 4;
  config.kl.hard_stop = 0;
  config.max_staleness = 2;
  ShopRun shop(config, 2, 1e-2);
  const auto reports = shop.run();
  CHECK(reports.back().metrics.at("reward") > reports.front().metrics.at("reward") + 0.5);
  CHECK(reports[8].metrics.at("importance_mean") < 2);
  CHECK(reports[8].metrics.at("importance_effective_share") > 0.5);
}

TEST_CASE("pages under way are saved with a run that is interrupted, which goes on bit for bit") {
  PpoConfig config = shop_config();
  config.iterations = 6;
  config.max_staleness = 2;
  ShopRun whole(config, 2);
  const auto expected = whole.run();
  ShopRun first(config, 2);
  first.run(3);
  const PipelineState state = first.pipeline().state();
  REQUIRE(state.waiting.size() == 2 * 4);
  CHECK(state.waiting.front().iteration == 3);
  CHECK(state.waiting.back().iteration == 4);
  first.run();  // what was saved is learnt all the same
  CHECK(first.parameters().parameters_sha256() == whole.parameters().parameters_sha256());

  ShopRun second(config, 1);
  second.pipeline().restore(state);
  const auto rest = second.run();
  REQUIRE(rest.size() == 4);
  for (std::size_t i = 0; i < rest.size(); ++i) CHECK(rest[i].metrics == expected[i + 3].metrics);
  CHECK(second.parameters().parameters_sha256() == whole.parameters().parameters_sha256());

  PipelineState gap = state;
  gap.waiting.erase(gap.waiting.begin(), gap.waiting.begin() + 4);
  CHECK_THROWS_WITH(second.pipeline().restore(gap),
                    "the saved pages of lane 0 of iteration 4 are not those that were waited for");
}

TEST_CASE("pages under way when the hard stop ends a run are counted as dropped") {
  PpoConfig config = shop_config();
  config.iterations = 12;
  config.max_staleness = 2;
  config.kl.kind = KlControl::fixed;
  config.kl.coefficient = 0;
  config.kl.hard_stop = 0.05;
  ShopRun shop(config, 2, 1e-2);
  const auto reports = shop.run();
  REQUIRE(shop.pipeline().stopped());
  const auto learnt = static_cast<std::int64_t>(reports.size()) - 1;
  REQUIRE(learnt < 10);
  CHECK(reports.back().metrics.at("pages_dropped") == 2 * 32);
  for (const LaneAccount& lane : shop.pipeline().ledger().own())
    CHECK(lane == LaneAccount{8 * (learnt + 3), 8 * learnt, 8, 16, 0});
  CHECK(shop.pipeline().state().waiting.empty());
}

TEST_CASE("a page that was lost or learnt twice is noticed in its lane") {
  LocalCommunicator alone;
  const LearnerLanes lanes(alone, 4);
  LaneLedger ledger(lanes);
  ledger.draw(8);
  ledger.check();
  ledger.learn({8, 8, 8, 8});
  ledger.check();
  ledger.draw(8);
  ledger.learn({8, 8, 7, 8});
  CHECK_THROWS_WITH(ledger.check(), Catch::Matchers::StartsWith("lane 2: of 16 pages drawn, 15 were learnt"));
  LaneLedger twice(lanes);
  twice.draw(8);
  twice.learn({16, 16, 16, 16});
  CHECK_THROWS_WITH(twice.check(), Catch::Matchers::StartsWith("lane 0: of 8 pages drawn, 16 were learnt"));
}

TEST_CASE("the policy's loss on stale pages carries the truncated importance weights") {
  ShopRun shop(shop_config(), 1);
  Experience pages = shop_experience(shop, 4, 2, 1);
  PpoConfig config = shop_config();
  config.whiten = false;  // at ratio 1 whitened advantages add up to 0
  std::vector<const LearningRequest*> requests;
  GlobalCounts counts;
  for (const LearningRequest& request : pages.requests) requests.push_back(&request);
  for (const LearningRequest& request : pages.requests)
    for (const LearningPage& page : request.pages) {
      counts.tokens += static_cast<double>(page.trajectory.tokens.size());
      counts.sequences += 1;
    }
  const auto losses = [&](double cap) {
    config.importance_cap = cap;
    credit(config, 0, pages);
    LaneSums sums;
    double deviation = 0;
    page_loss(config, 0, shop.parameters().view(), shop.language().vocabulary(), requests, counts, sums,
              deviation);
    return sums;
  };
  const LaneSums fresh = losses(2);
  for (LearningRequest& request : pages.requests)
    for (LearningPage& page : request.pages)
      for (float& log_prob : page.trajectory.log_probs) log_prob -= static_cast<float>(std::log(1.5));
  CHECK(losses(2).at("policy_loss") == Approx(1.5 * fresh.at("policy_loss")).epsilon(1e-4));
  CHECK(losses(1.2).at("policy_loss") == Approx(1.2 * fresh.at("policy_loss")).epsilon(1e-4));
  CHECK(losses(0).at("policy_loss") == fresh.at("policy_loss"));
  CHECK(losses(2).at("value_loss") == fresh.at("value_loss"));
}

TEST_CASE("the divergence of stale pages is weighted less timidly than the loss") {
  ShopRun shop(shop_config(), 1);
  Experience pages = shop_experience(shop, 4, 2, 1);
  for (LearningRequest& request : pages.requests)
    for (LearningPage& page : request.pages)
      for (float& log_prob : page.reference_log_probs) log_prob -= 0.125F;
  const PpoConfig config = shop_config();
  const double fresh = credit(config, 0, pages).at("kl_per_page");
  CHECK(fresh > 0);
  for (LearningRequest& request : pages.requests)
    for (LearningPage& page : request.pages)
      for (float& log_prob : page.trajectory.log_probs) log_prob -= static_cast<float>(std::log(5));
  CHECK(credit(config, 0, pages).at("kl_per_page") == Approx(5 * fresh).epsilon(1e-4));
  for (const LearningRequest& request : pages.requests)
    for (const LearningPage& page : request.pages)
      for (const float weight : page.importance) CHECK(weight == 2);
}

TEST_CASE("the hard stop ends the run with the last policy within its budget") {
  PpoConfig config = shop_config();
  config.iterations = 12;
  config.kl.kind = KlControl::fixed;
  config.kl.coefficient = 0;
  config.kl.hard_stop = 0.3;
  ShopRun shop(config, 2, 2e-2);
  const auto reports = shop.run();
  REQUIRE(reports.size() > 1);
  REQUIRE(reports.size() < 13);
  CHECK_FALSE(reports.back().learnt);
  CHECK(reports.back().metrics.at("kl_per_page") > 0.3);
  const auto last_within = static_cast<std::int64_t>(reports.size()) - 2;
  CHECK(reports[static_cast<std::size_t>(last_within)].metrics.at("kl_per_page") <= 0.3);
  CHECK(shop.pipeline().state().stopped);

  ShopRun again(config, 2, 2e-2);
  if (last_within > 0) again.run(last_within);
  CHECK(again.parameters().parameters_sha256() == shop.parameters().parameters_sha256());
}

TEST_CASE("without a hard stop an exploding divergence is told in words") {
  PpoConfig config = shop_config();
  config.iterations = 12;
  config.kl.kind = KlControl::fixed;
  config.kl.coefficient = 0;
  config.kl.hard_stop = 0;
  config.kl.target = .2;
  ShopRun shop(config, 2, 3e-2);
  std::size_t told = 0;
  for (const IterationReport& report : shop.run())
    for (const std::string& warning : report.warnings)
      told += warning.find("the divergence explodes") != std::string::npos ? 1 : 0;
  CHECK(told >= 1);
}

TEST_CASE("token rewards add up to the weighted terms and both placements start from the same return") {
  ShopRun shop(shop_config(), 2);
  PpoConfig config = shop_config();
  config.lambda = 1;
  config.whiten = false;
  Experience items = shop_experience(shop, 8, 2, 4), page_end = items;
  const Metrics metrics = credit(config, .3, items);
  config.credit = CreditPlacement::terminal;
  credit(config, .3, page_end);
  double rewards = 0;
  for (std::size_t r = 0; r < items.requests.size(); ++r)
    for (std::size_t s = 0; s < 2; ++s) {
      const LearningPage& page = items.requests[r].pages[s];
      CHECK(page.total_reward == Approx(wanted_reward(page.score)));
      CHECK(page.returns[0] == Approx(page_end.requests[r].pages[s].returns[0]).margin(1e-6));
      CHECK(page.returns[0] == Approx(page.total_reward).margin(1e-6));
      rewards += page.total_reward;
    }
  CHECK(metrics.at("reward") == Approx(rewards / 16));
  CHECK(metrics.at("page_reward") + metrics.at("item_reward") + metrics.at("format_reward") ==
        Approx(metrics.at("reward")));
}

TEST_CASE("advantages are whitened over the whole batch, whatever the number of lanes") {
  ShopRun shop(shop_config(), 2);
  Experience four = shop_experience(shop, 8, 2, 4), one = four;
  one.lanes = {0};
  credit(shop_config(), .1, four);
  credit(shop_config(), .1, one);
  double sum = 0, squares = 0, tokens = 0;
  for (std::size_t r = 0; r < 8; ++r)
    for (std::size_t s = 0; s < 2; ++s)
      for (std::size_t t = 0; t < four.requests[r].pages[s].advantages.size(); ++t) {
        const double advantage = four.requests[r].pages[s].advantages[t];
        CHECK(advantage == Approx(one.requests[r].pages[s].advantages[t]).margin(1e-5));
        sum += advantage;
        squares += advantage * advantage;
        tokens += 1;
      }
  CHECK(sum / tokens == Approx(0).margin(1e-5));
  CHECK(squares / (tokens - 1) == Approx(1).epsilon(1e-4));
}

TEST_CASE("the loss's gradient agrees with finite differences in double") {
  ShopRun shop(shop_config(), 2);
  PpoConfig config = shop_config();
  config.entropy_coefficient = .05;
  config.value_coefficient = .7;
  Experience experience = shop_experience(shop, 4, 2, 4);
  credit(config, .1, experience);
  std::vector<const LearningRequest*> requests;
  GlobalCounts counts{0, 8, 1};
  for (const LearningRequest& request : experience.requests) {
    requests.push_back(&request);
    for (const LearningPage& page : request.pages)
      counts.tokens += static_cast<double>(page.trajectory.tokens.size());
  }
  FlatParameters exact(shop.parameters().config(), at::kDouble);
  exact.load(shop.parameters().view().tensors());
  // Away from the old policy, so that ratios differ from 1, but not so far that they clip.
  double* values = exact.values().mutable_data_ptr<double>();
  CounterRandom random(4, RandomStream::world);
  for (const FlatSlot& slot : exact.slots())
    for (std::int64_t i = slot.offset; i < slot.offset + slot.numel; ++i) values[i] += 1e-3 * random.normal();

  const auto loss_of = [&](const WeightsView& weights) {
    LaneSums sums;
    double deviation = 0;
    const at::Tensor loss =
        page_loss(config, .1, weights, shop.language().vocabulary(), requests, counts, sums, deviation);
    CHECK(deviation > 0);
    CHECK(sums.at("clipped") == 0);
    return loss;
  };
  at::Tensor flat = exact.values().clone().requires_grad_(true);
  loss_of(exact.view_of(flat)).backward();
  int checked = 0;
  for (const FlatSlot& slot : exact.slots()) {
    const std::int64_t at = slot.offset + slot.numel / 2;
    const double kept = values[at], h = 1e-5;
    values[at] = kept + h;
    const double up = loss_of(exact.view()).item<double>();
    values[at] = kept - h;
    const double down = loss_of(exact.view()).item<double>();
    values[at] = kept;
    CHECK(flat.grad()[at].item<double>() == Approx((up - down) / (2 * h)).epsilon(1e-5).margin(1e-8));
    ++checked;
  }
  CHECK(checked > 10);
}

TEST_CASE("pages that do not fit their requests are refused") {
  ShopRun shop(shop_config(), 1);
  const auto keyed = shop.keyed_requests(2);
  SampleOptions options;
  auto trajectories = shop.generator().generate(keyed, options);
  auto scores = shop.scorer().score(keyed, trajectories);
  const auto gather = [&] {
    gather_experience(shop.language(), keyed, trajectories, scores, 1, lane_numbers(2), shop.pool());
  };
  gather();
  scores[1].reference_log_probs.pop_back();
  CHECK_THROWS_AS(gather(), Error);
  scores.pop_back();
  CHECK_THROWS_WITH(gather(), "2 requests of 1 samples need 2 pages, but 2 were generated and 1 scored");
}
