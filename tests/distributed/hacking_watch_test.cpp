#include "distributed/pipeline/hacking_watch.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// Iterations of a run with a judge who is asked every fifth time.
struct SyntheticRun {
  double proxy_slope = 0, judge_slope = 0, noise = 0;
  int iterations = 60;

  /// The judge's reward rises by the slope until `peak`, then falls by it.
  std::vector<Metrics> metrics(std::uint64_t seed, int peak = 0,
                               const char* judge = "held_out_reward") const {
    CounterRandom random(seed, RandomStream::controls);
    std::vector<Metrics> all;
    for (int i = 0; i < iterations; ++i) {
      Metrics& metrics = all.emplace_back();
      metrics["reward"] = proxy_slope * i + noise * random.normal();
      metrics["kl_per_page"] = 0.05 * i;
      metrics["slots"] = 8;
      metrics["entropy"] = 2;
      if (i % 5 == 0)
        metrics[judge] = 5 + judge_slope * (peak - std::abs(i - peak)) + noise * random.normal();
    }
    return all;
  }
};

std::vector<Alarm> alarms_in(const std::vector<Metrics>& run, const WatchConfig& config = {}) {
  HackingWatch watch(config);
  for (std::size_t i = 0; i < run.size(); ++i) watch.observe(static_cast<std::int64_t>(i), run[i]);
  return watch.alarms();
}

}  // namespace

TEST_CASE("a reward that rises while the judge's falls raises one alarm, in words, once") {
  const SyntheticRun run{0.05, 0.05, 0.02};
  for (const std::uint64_t seed : {1, 2, 3, 4, 5}) {
    const auto alarms = alarms_in(run.metrics(seed, 20));
    REQUIRE(alarms.size() == 1);
    CHECK(alarms[0].kind == "judge");
    CHECK(alarms[0].iteration > 20);
    CHECK(alarms[0].sentence.find("the policy exploits its reward") != std::string::npos);
    CHECK(alarms[0].action.find("kl_coefficient") != std::string::npos);
    CHECK_FALSE(alarms[0].stops);
  }
  CHECK(alarms_in(run.metrics(1, 60)).empty());  // both rise
}

TEST_CASE("a judge's reward that falls at once and stays low is seen, though it has no trend") {
  // Measured where a price band paid for what users do not buy.
  const std::vector<double> proxy{2.89, 4.0, 5.9, 6.5, 6.4, 6.6, 6.9, 7.0, 6.7},
      judge{11.896, 10.62, 9.471, 9.205, 9.468, 9.316, 9.28, 9.441, 9.392};
  std::vector<Metrics> run, half;
  for (std::size_t i = 0; i < proxy.size(); ++i) {
    run.push_back({{"reward", proxy[i]}, {"held_out_reward", judge[i]}});
    half.push_back({{"reward", proxy[0]}, {"held_out_reward", judge[i]}});
  }
  const auto alarms = alarms_in(run);
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].sentence.find("standard errors below the start's 11.896") != std::string::npos);
  CHECK(alarms_in(half).empty());  // the reward did not rise
}

TEST_CASE("without a trend of the judge false alarms are as rare as the level says") {
  const SyntheticRun run{0.05, 0, 0.2};
  int alarmed = 0;
  constexpr int kRuns = 2000;
  for (int seed = 0; seed < kRuns; ++seed)
    alarmed += alarms_in(run.metrics(static_cast<std::uint64_t>(seed))).empty() ? 0 : 1;
  // Seven of twelve measurements are tested, each with 1 % at most.
  INFO(alarmed << " of " << kRuns << " runs");
  CHECK(alarmed <= kRuns * 5 / 100);
  int both = 0;
  const SyntheticRun noise{0, 0, 0.2};
  for (int seed = 0; seed < kRuns; ++seed)
    both += alarms_in(noise.metrics(static_cast<std::uint64_t>(seed))).empty() ? 0 : 1;
  CHECK(both <= 10);  // both tests must fail by chance
}

TEST_CASE("a fall that is small beside what was gained is none") {
  SyntheticRun run{0.05, 0.05, 0};
  auto metrics = run.metrics(1, 60);
  for (std::size_t i = 30; i < metrics.size(); i += 5)
    metrics[i]["held_out_reward"] = metrics[30]["held_out_reward"] - 1e-4 * static_cast<double>(i);
  CHECK(alarms_in(metrics).empty());
  WatchConfig strict;
  strict.fall = 0;
  CHECK(alarms_in(metrics, strict).size() == 1);
}

TEST_CASE("budget, cuts, short pages and one page for all raise their alarms; only asked-for ones stop") {
  const SyntheticRun run;
  WatchConfig config;
  config.kl_budget = 2;
  config.clipped = 0.1;
  config.on_alarm = OnAlarm::stop;
  auto metrics = run.metrics(1);
  for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i]["term.page.clipped"] = i < 30 ? 0.05 : 0.2;
  for (std::size_t i = 35; i < metrics.size(); ++i) metrics[i]["slots"] = 4;
  for (std::size_t i = 50; i < metrics.size(); ++i) metrics[i]["entropy"] = 0.1;
  const auto alarms = alarms_in(metrics, config);
  REQUIRE(alarms.size() == 4);
  const std::vector<std::pair<std::string, std::int64_t>> wanted{
      {"clipped", 30}, {"slots", 35}, {"kl_budget", 41}, {"entropy", 50}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CHECK(alarms[i].kind == wanted[i].first);
    CHECK(alarms[i].iteration == wanted[i].second);
    CHECK(alarms[i].stops);
  }
  CHECK(alarms[2].sentence == "the policy is 2.05 nats a page from the warm-up, above the budget of 2.00");
  CHECK(alarms_in(run.metrics(1)).empty());
}

TEST_CASE("the truth raises an alarm of its own and never stops a run") {
  const SyntheticRun run{0.05, 0.05, 0};
  WatchConfig config;
  config.on_alarm = OnAlarm::stop;
  const auto truth = alarms_in(run.metrics(1, 20, "true_utility"), config);
  REQUIRE(truth.size() == 1);
  CHECK(truth[0].kind == "truth");
  CHECK_FALSE(truth[0].stops);
  const auto judge = alarms_in(run.metrics(1, 20), config);
  REQUIRE(judge.size() == 1);
  CHECK(judge[0].stops);
}

TEST_CASE("growing disagreement of an ensemble is told") {
  SyntheticRun run{0.05, 0.05, 0};
  auto metrics = run.metrics(1, 60);
  for (std::size_t i = 0; i < metrics.size(); ++i)
    metrics[i]["term.page.disagreement"] = 0.1 + 0.01 * static_cast<double>(i);
  const auto alarms = alarms_in(metrics);
  REQUIRE(alarms.size() == 1);
  CHECK(alarms[0].kind == "disagreement");
  CHECK(alarms[0].iteration == 25);
}
