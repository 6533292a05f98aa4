#include <cmath>

#include <ATen/ops/zeros.h>
#include <nlohmann/json.hpp>

#include "core/base/rng.hpp"
#include "core/numerics/device_copy.hpp"
#include "rewards/models/calibration.hpp"
#include "rewards/models/reward_quality.hpp"
#include "rewards/models/tensor_sums.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

double calibration_sigmoid(double logit) {
  return 1 / (1 + std::exp(-logit));
}

/// Events that happen with sigmoid(a z + b) where the model says sigmoid(z).
struct CalibrationEvents {
  std::vector<float> logits, outcomes;
  CalibrationEvents(int count, double a, double b, std::uint64_t seed) {
    CounterRandom random(seed, RandomStream::controls);
    for (int i = 0; i < count; ++i) {
      const double z = 1.5 * random.normal() - 1;
      logits.push_back(static_cast<float>(z));
      outcomes.push_back(random.uniform() < calibration_sigmoid(a * z + b) ? 1.0F : 0.0F);
    }
  }
  double log_loss(double temperature) const {
    double sum = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
      sum += std::log1p(std::exp((outcomes[i] > 0.5F ? -1 : 1) * logits[i] / temperature));
    return sum;
  }
};

TEST_CASE("the temperature is that of a grid search, and its closed form where there is one") {
  const CalibrationEvents events(3000, 0.5, 0, 3);
  const double fitted = fit_temperature(events.logits, events.outcomes).temperature;
  double best = 0.01;
  for (double log_t = std::log(0.01); log_t < std::log(100.0); log_t += 1e-4)
    if (events.log_loss(std::exp(log_t)) < events.log_loss(best)) best = std::exp(log_t);
  CHECK(fitted == Approx(best).epsilon(2e-4));
  CHECK(fitted == Approx(2).epsilon(0.15));

  // Logits of +-2 that are right in 7 of 10 cases: sigmoid(2 / T) = .7.
  std::vector<float> logits, outcomes;
  for (int i = 0; i < 20; ++i) {
    logits.push_back(i % 2 == 0 ? 2.0F : -2.0F);
    outcomes.push_back((i / 2 < 7) == (i % 2 == 0) ? 1.0F : 0.0F);
  }
  CHECK(fit_temperature(logits, outcomes).temperature == Approx(2 / std::log(0.7 / 0.3)).epsilon(1e-9));
}

TEST_CASE(
    "an isotonic map says at each prediction what the regression says, and between them a mean of both") {
  const std::vector<float> logits{-2, -2, -1, 0, 0.5F, 1, 3};
  const std::vector<float> outcomes{0, 1, 0, 1, 0, 1, 1};
  const ProbabilityMap map = fit_isotonic(logits, outcomes);
  // The two at -2 and the one at -1 are pooled (1/3), the two at 0 and .5 as well (1/2).
  const double expected[] = {1.0 / 3, 1.0 / 3, 1.0 / 3, 0.5, 0.5, 1, 1};
  for (std::size_t i = 0; i < logits.size(); ++i) CHECK(map(logits[i]) == Approx(expected[i]));
  CHECK(map(-9) == Approx(1.0 / 3));
  CHECK(map(9) == 1);
  const double left = calibration_sigmoid(0.5), right = calibration_sigmoid(1), middle = (left + right) / 2;
  CHECK(map(std::log(middle / (1 - middle))) == Approx(0.75));
  const at::Tensor mapped = probabilities(tensor_like(logits, at::zeros({1})), map);
  const std::vector<float> on_tensor = floats_on_host(mapped);
  for (std::size_t i = 0; i < logits.size(); ++i) CHECK(on_tensor[i] == Approx(expected[i]));
}

TEST_CASE("fitted maps lower the calibration error on other events") {
  // Too extreme by a factor of 3: a temperature mends it. And shifted besides: only isotonic does.
  for (const double shift : {0.0, -1.0}) {
    const CalibrationEvents first(20000, 1.0 / 3, shift, 11), second(20000, 1.0 / 3, shift, 12);
    const auto error = [&](const ProbabilityMap& map) {
      return binary_quality(EventLogits{{second.logits}, second.outcomes}.predictions(map), second.outcomes)
          .calibration_error;
    };
    CHECK(error({}) > 0.1);
    CHECK(error(fit_isotonic(first.logits, first.outcomes)) < 0.012);
    const double by_temperature = error(fit_temperature(first.logits, first.outcomes));
    CHECK((by_temperature < 0.012) == (shift == 0.0));
  }
}

TEST_CASE("events of one kind alone leave probabilities as they are") {
  const std::vector<float> logits{-1, 2}, never{0, 0};
  CHECK(fit_temperature(logits, never).kind == CalibrationKind::none);
  CHECK(fit_isotonic(logits, never).kind == CalibrationKind::none);
  CHECK(ProbabilityMap{}(0.7) == Approx(calibration_sigmoid(0.7)));
}

TEST_CASE("several members are calibrated by what they say together, and predict their mean") {
  const CalibrationEvents events(500, 0.5, 0, 5);
  EventLogits two{{events.logits, events.logits}, events.outcomes};
  for (float& logit : two.members[1]) logit *= 2;
  std::vector<float> pooled = events.logits, outcomes = events.outcomes;
  pooled.insert(pooled.end(), two.members[1].begin(), two.members[1].end());
  outcomes.insert(outcomes.end(), events.outcomes.begin(), events.outcomes.end());
  const ProbabilityMap map = two.fit(CalibrationKind::temperature);
  CHECK(map == fit_temperature(pooled, outcomes));
  const std::vector<float> predicted = two.predictions(map);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(predicted[i] == Approx(0.5 * (calibration_sigmoid(events.logits[i] / map.temperature) +
                                        calibration_sigmoid(2 * events.logits[i] / map.temperature))));
}

TEST_CASE("calibration survives its JSON, and one that is none is refused") {
  PageCalibration calibration;
  calibration.click = fit_isotonic(std::vector<float>{-1, 0, 1}, std::vector<float>{0, 1, 1});
  calibration.purchase = fit_temperature(std::vector<float>{-1, 0.5F, 1}, std::vector<float>{0, 0, 1});
  nlohmann::json json = calibration_json(calibration);
  CHECK(calibration_from(json) == calibration);
  json["purchase"]["temperature"] = 0;
  CHECK(test::error_text([&] { calibration_from(json); }).find("must be above 0") != std::string::npos);
  json["purchase"] = {{"kind", "platt"}};
  CHECK(test::error_text([&] { calibration_from(json); }).find("no calibration 'platt'") !=
        std::string::npos);
}

}  // namespace
}  // namespace pagewright
