#include "core/rl/importance.hpp"

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {

namespace {

std::vector<float> logs(const std::vector<double>& probabilities) {
  std::vector<float> result;
  for (const double p : probabilities) result.push_back(static_cast<float>(std::log(p)));
  return result;
}

}  // namespace

TEST_CASE("a token sampled by the weights that learn it has weight exactly 1") {
  const std::vector<float> log_probs{-0.1F, -3.7F, -12.25F};
  CHECK(importance_weights(log_probs, log_probs, 2) == std::vector<float>{1, 1, 1});
}

TEST_CASE("importance weights are the ratio of probabilities, cut at the cap, and 1 without correction") {
  const auto old = logs({.6, .3, .1}), behaviour = logs({.2, .3, .7});
  const auto weights = importance_weights(old, behaviour, 2);
  CHECK(weights[0] == 2);
  CHECK(weights[1] == Approx(1));
  CHECK(weights[2] == Approx(1.0 / 7).epsilon(1e-6));
  CHECK(importance_weights(old, behaviour, 100)[0] == Approx(3).epsilon(1e-6));
  CHECK(importance_weights(old, behaviour, 0) == std::vector<float>{1, 1, 1});
  const std::vector<float> far{-100.0F}, near{0.0F};
  CHECK(importance_weights(near, far, 1e30)[0] == Approx(std::exp(20.0)));
  CHECK_THROWS_AS(importance_weights(old, far, 2), Error);
}

TEST_CASE("weighted by importance, the mean over the behaviour policy is that of the old one") {
  const std::vector<double> old{.6, .3, .1}, behaviour{.2, .3, .5}, value{-1, 4, 10};
  const auto weights = importance_weights(logs(old), logs(behaviour), 1e9);
  double weighted = 0, expected = 0, stale = 0, truncated = 0;
  const auto capped = importance_weights(logs(old), logs(behaviour), 2);
  for (std::size_t a = 0; a < 3; ++a) {
    weighted += behaviour[a] * weights[a] * value[a];
    truncated += behaviour[a] * capped[a] * value[a];
    stale += behaviour[a] * value[a];
    expected += old[a] * value[a];
  }
  CHECK(weighted == Approx(expected).epsilon(1e-6));
  // Only what was cut is missing: .2 * (3 - 2) * -1.
  CHECK(truncated == Approx(expected + .2).epsilon(1e-6));
  CHECK(std::abs(stale - expected) > 4);
}

TEST_CASE("statistics of weights add up, and say what share of tokens counts") {
  ImportanceStatistics statistics;
  CHECK(statistics.mean() == 1);
  CHECK(statistics.effective_share() == 1);
  statistics.add(importance_weights(logs({.6, .3}), logs({.2, .3}), 2), 2);
  statistics.add(importance_weights(logs({.1}), logs({.1}), 2), 2);
  CHECK(statistics.tokens == 3);
  CHECK(statistics.truncated == 1);
  CHECK(statistics.mean() == Approx(4.0 / 3).epsilon(1e-6));
  CHECK(statistics.effective_share() == Approx(16.0 / (3 * 6)).epsilon(1e-6));
}

}  // namespace pagewright
