#include "rewards/models/reward_quality.hpp"

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("the area under the curve is the share of pairs in order, ties counting one half") {
  CounterRandom random(5, RandomStream::controls);
  for (int round = 0; round < 20; ++round) {
    std::vector<float> predictions, outcomes;
    for (int i = 0; i < 60; ++i) {
      // Few values, so that ties are many.
      const auto level = static_cast<int>(random.below(8));
      predictions.push_back(static_cast<float>(level) / 8);
      outcomes.push_back(random.uniform() < 0.1 + 0.09 * level ? 1.0F : 0.0F);
    }
    double right = 0, pairs = 0;
    for (std::size_t i = 0; i < predictions.size(); ++i)
      for (std::size_t j = 0; j < predictions.size(); ++j)
        if (outcomes[i] == 1 && outcomes[j] == 0) {
          pairs += 1;
          right += predictions[i] > predictions[j] ? 1 : predictions[i] == predictions[j] ? 0.5 : 0;
        }
    REQUIRE(pairs > 0);
    CHECK(binary_quality(predictions, outcomes).auc == Approx(right / pairs).epsilon(1e-12));
  }
}

TEST_CASE("predictions that are the probabilities are calibrated; shifted ones are off by the shift") {
  CounterRandom random(6, RandomStream::controls);
  std::vector<float> predictions, shifted, outcomes;
  for (int i = 0; i < 100000; ++i) {
    const double probability = 0.05 + 0.7 * random.uniform();
    predictions.push_back(static_cast<float>(probability));
    shifted.push_back(static_cast<float>(probability + 0.2));
    outcomes.push_back(random.uniform() < probability ? 1.0F : 0.0F);
  }
  const BinaryQuality good = binary_quality(predictions, outcomes);
  CHECK(good.events == 100000);
  CHECK(good.rate == Approx(0.4).margin(0.006));
  CHECK(good.mean_prediction == Approx(0.4).margin(0.006));
  CHECK(good.calibration_error < 0.01);
  const BinaryQuality bad = binary_quality(shifted, outcomes);
  CHECK(bad.calibration_error == Approx(0.2).margin(0.01));
  CHECK(bad.auc == Approx(good.auc).epsilon(1e-3));
}

TEST_CASE("no events, or one kind of outcome alone, have no order to judge") {
  CHECK(binary_quality({}, {}).auc == 0.5);
  CHECK(binary_quality(std::vector<float>{0.2F, 0.8F}, std::vector<float>{1, 1}).auc == 0.5);
}

}  // namespace
}  // namespace pagewright
