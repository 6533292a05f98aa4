#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/config/config_file.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/pipeline/request_draw.hpp"
#include "distributed/pipeline/training_watch.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

std::vector<const Request*> request_pointers(const std::vector<Request>& requests) {
  std::vector<const Request*> pointers;
  for (const Request& request : requests) pointers.push_back(&request);
  return pointers;
}

std::string ppo_errors(const std::string& yaml) {
  const ConfigFile file = parse_config(yaml, "run.yaml");
  PpoConfig::from(file.root());
  std::string text;
  for (const std::string& error : file.errors()) text += error + "\n";
  return text;
}

Metrics healthy() {
  return {{"kl_per_page", 1.0},
          {"reward_deviation", .5},
          {"explained_variance", .4},
          {"reward", 1.0},
          {"term.mine.fallback", 0}};
}

}  // namespace

TEST_CASE("requests are drawn without replacement in each pass, in another order every time") {
  const std::vector<Request> requests(10);
  RequestDraw draw(request_pointers(requests), 4, 2, 7);
  std::vector<const Request*> drawn;
  const std::vector<int> both{0, 1};
  for (std::uint64_t iteration = 0; iteration < 5; ++iteration) {
    const auto part = draw.draw(iteration, both);
    for (std::size_t i = 0; i < part.size(); ++i) {
      CHECK(part[i].key == static_cast<std::int64_t>(i));
      drawn.push_back(part[i].request);
    }
    // Every lane can be drawn alone.
    const auto second = draw.draw(iteration, std::span(both).subspan(1));
    REQUIRE(second.size() == 2);
    CHECK(second[0].request == part[2].request);
    CHECK(second[0].key == 2);
  }
  REQUIRE(drawn.size() == 20);
  CHECK(std::set<const Request*>(drawn.begin(), drawn.begin() + 10).size() == 10);
  CHECK(std::set<const Request*>(drawn.begin() + 10, drawn.end()).size() == 10);
  CHECK_FALSE(std::equal(drawn.begin(), drawn.begin() + 10, drawn.begin() + 10));
  RequestDraw again(request_pointers(requests), 4, 2, 7);
  const auto third = again.draw(3, both);
  for (std::size_t i = 0; i < 4; ++i) CHECK(third[i].request == drawn[12 + i]);
  CHECK_THROWS_WITH(RequestDraw({}, 4, 2, 7), "there is no request to train on");
}

TEST_CASE("PPO settings are read, and what does not fit together is refused with the nearest number") {
  const ConfigFile file =
      parse_config("{requests: 32, samples: 2, clip: 0.1, kl_in: loss, kl_estimator: k3}", "run.yaml");
  const PpoConfig config = PpoConfig::from(file.root());
  file.finish();
  CHECK(config.clip.low == .1);
  CHECK(config.clip.high == .1);
  CHECK(config.optimizer_steps() == 40 * 2 * 2);
  CHECK(config.kl_control().horizon == 640);
  CHECK(config.kl_control().target == 2);
  CHECK(ppo_errors("{requests: 60}")
            .find("requests must be a multiple of lanes x mini_batches = 16; the nearest is 64") !=
        std::string::npos);
  CHECK(ppo_errors("{lanes: 6}").find("lanes must be a power of two, not 6") != std::string::npos);
  CHECK(ppo_errors("{kl_in: loss}").find("kl_estimator k1 has no gradient on average") != std::string::npos);
  CHECK(ppo_errors("{dual_clip: 0.5}").find("dual_clip must be above 1") != std::string::npos);
  CHECK(ppo_errors("{micro_batch: 2, micro_batch_tokens: 64}").find("not both") != std::string::npos);
}

TEST_CASE("a healthy run gives no warning") {
  TrainingWatch watch(4);
  for (int i = 0; i < 20; ++i) CHECK(watch.observe(i, healthy()).empty());
}

TEST_CASE("each trouble is told in words once, and again when it comes back") {
  const auto told = [](TrainingWatch& watch, const Metrics& metrics, const std::string& words) {
    const auto warnings = watch.observe(0, metrics);
    return std::ranges::count_if(
        warnings, [&](const std::string& text) { return text.find(words) != std::string::npos; });
  };
  const auto with = [](const char* name, double value) {
    Metrics metrics = healthy();
    metrics[name] = value;
    return metrics;
  };
  TrainingWatch watch(4);
  for (const auto& [metrics, words] :
       {std::pair{with("reward_deviation", 0), "a dead batch"},
        std::pair{with("kl_per_page", 7), "the divergence explodes: 7.00 nats"},
        std::pair{with("first_ratio_deviation", 1e-3), "ratio differs from 1"},
        std::pair{with("skipped_steps", 2), "2 optimizer steps were skipped"},
        std::pair{with("term.mine.fallback", 0.25),
                  "reward term 'mine' answered nothing usable for 25.0 %"}}) {
    CHECK(told(watch, metrics, words) == 1);
    CHECK(told(watch, metrics, words) == 0);
    CHECK(told(watch, healthy(), words) == 0);
    CHECK(told(watch, metrics, words) == 1);
    CHECK(told(watch, healthy(), words) == 0);
  }
  CHECK(told(watch, with("kl_per_page", std::nan("")), "the divergence explodes") == 1);
}

TEST_CASE("a constraint that stays broken at a multiplier that rises no more is told once") {
  TrainingWatch watch(4);
  const auto told = [&](double multiplier, double violation) {
    Metrics metrics = healthy();
    metrics["term.ads.multiplier"] = multiplier;
    metrics["term.ads.violation"] = violation;
    return watch.observe(0, metrics);
  };
  CHECK(told(0, 0.1).empty());
  CHECK(told(1, 0.1).empty());
  const auto warnings = told(1, 0.1);
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].find("constraint 'ads' is broken by 0.100") != std::string::npos);
  CHECK(told(1, 0.1).empty());
  CHECK(told(1, -0.1).empty());
}

TEST_CASE("a critic that explains nothing is told after ten iterations") {
  TrainingWatch watch(4);
  Metrics metrics = healthy();
  metrics["explained_variance"] = -.1;
  std::vector<std::size_t> told;
  for (int i = 0; i < 12; ++i) told.push_back(watch.observe(i, metrics).size());
  CHECK(told == std::vector<std::size_t>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0});
}
