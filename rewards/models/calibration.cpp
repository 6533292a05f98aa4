#include "rewards/models/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/sigmoid.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/numerics/device_copy.hpp"
#include "core/numerics/isotonic.hpp"
#include "rewards/models/tensor_sums.hpp"

namespace pagewright {

namespace {

double logistic(double logit) {
  return 1 / (1 + std::exp(-logit));
}

bool has_both_outcomes(std::span<const float> outcomes) {
  const auto happened = std::count_if(outcomes.begin(), outcomes.end(), [](float y) { return y > 0.5F; });
  return happened > 0 && happened < std::ssize(outcomes);
}

/// d/da of sum_i log loss of sigmoid(a z_i); increasing in a.
double slope_of_log_loss(std::span<const float> logits, std::span<const float> outcomes, double a) {
  double slope = 0;
  for (std::size_t i = 0; i < logits.size(); ++i)
    slope += static_cast<double>(logits[i]) * (logistic(a * logits[i]) - outcomes[i]);
  return slope;
}

/// Equal predictions taken together, ascending.
struct PredictionGroups {
  std::vector<double> prediction, happened, count;
};
PredictionGroups group_predictions(std::span<const float> logits, std::span<const float> outcomes) {
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return logits[a] < logits[b]; });
  PredictionGroups groups;
  for (const std::size_t i : order) {
    const double prediction = logistic(logits[i]);
    if (groups.prediction.empty() || groups.prediction.back() < prediction) {
      groups.prediction.push_back(prediction);
      groups.happened.push_back(0);
      groups.count.push_back(0);
    }
    groups.happened.back() += outcomes[i];
    groups.count.back() += 1;
  }
  return groups;
}

const char* calibration_name(CalibrationKind kind) {
  switch (kind) {
    case CalibrationKind::none:
      return "none";
    case CalibrationKind::temperature:
      return "temperature";
    case CalibrationKind::isotonic:
      return "isotonic";
  }
  fail("unknown calibration");
}

nlohmann::json map_json(const ProbabilityMap& map) {
  nlohmann::json json = {{"kind", calibration_name(map.kind)}};
  if (map.kind == CalibrationKind::temperature) json["temperature"] = map.temperature;
  if (map.kind == CalibrationKind::isotonic) {
    json["x"] = map.x;
    json["y"] = map.y;
  }
  return json;
}

ProbabilityMap map_from(const nlohmann::json& json) {
  ProbabilityMap map;
  const auto kind = json.at("kind").get<std::string>();
  if (kind == "temperature") {
    map.kind = CalibrationKind::temperature;
    json.at("temperature").get_to(map.temperature);
    require(map.temperature > 0, "a calibration temperature must be above 0, not {}", map.temperature);
  } else if (kind == "isotonic") {
    map.kind = CalibrationKind::isotonic;
    json.at("x").get_to(map.x);
    json.at("y").get_to(map.y);
    require(!map.x.empty() && map.x.size() == map.y.size() &&
                std::is_sorted(map.x.begin(), map.x.end(), std::less_equal<>()) &&
                std::is_sorted(map.y.begin(), map.y.end()),
            "an isotonic calibration needs x that rise and as many y that do not fall");
  } else {
    require(kind == "none", "there is no calibration '{}'", kind);
  }
  return map;
}

}  // namespace

double ProbabilityMap::operator()(double logit) const {
  if (kind != CalibrationKind::isotonic) return logistic(logit / temperature);
  const double p = logistic(logit);
  const auto above = std::upper_bound(x.begin(), x.end(), p);
  if (above == x.begin()) return y.front();
  if (above == x.end()) return y.back();
  const auto i = static_cast<std::size_t>(above - x.begin());
  return y[i - 1] + (y[i] - y[i - 1]) * (p - x[i - 1]) / (x[i] - x[i - 1]);
}

at::Tensor probabilities(const at::Tensor& logits, const ProbabilityMap& map) {
  if (map.kind == CalibrationKind::none) return at::sigmoid(logits);
  if (map.kind == CalibrationKind::temperature) return at::sigmoid(logits / map.temperature);
  std::vector<float> values = floats_on_host(logits);
  for (float& value : values) value = static_cast<float>(map(value));
  return tensor_like(values, logits);
}

ProbabilityMap fit_temperature(std::span<const float> logits, std::span<const float> outcomes) {
  if (!has_both_outcomes(outcomes)) return {};
  double low = std::log(0.01), high = std::log(100.0);  // of 1 / T
  for (int step = 0; step < 60; ++step) {
    const double middle = (low + high) / 2;
    (slope_of_log_loss(logits, outcomes, std::exp(middle)) > 0 ? high : low) = middle;
  }
  ProbabilityMap map;
  map.kind = CalibrationKind::temperature;
  map.temperature = std::exp(-(low + high) / 2);
  return map;
}

ProbabilityMap fit_isotonic(std::span<const float> logits, std::span<const float> outcomes) {
  if (!has_both_outcomes(outcomes)) return {};
  const PredictionGroups groups = group_predictions(logits, outcomes);
  const std::vector<double> fitted = isotonic_means(groups.happened, groups.count);
  ProbabilityMap map;
  map.kind = CalibrationKind::isotonic;
  // Of a run of equal values the ends are enough.
  for (std::size_t g = 0; g < fitted.size(); ++g) {
    const bool inside =
        g > 0 && g + 1 < fitted.size() && fitted[g - 1] == fitted[g] && fitted[g] == fitted[g + 1];
    if (inside) continue;
    map.x.push_back(groups.prediction[g]);
    map.y.push_back(fitted[g]);
  }
  return map;
}

ProbabilityMap fit_calibration(CalibrationKind kind, std::span<const float> logits,
                               std::span<const float> outcomes) {
  switch (kind) {
    case CalibrationKind::none:
      return {};
    case CalibrationKind::temperature:
      return fit_temperature(logits, outcomes);
    case CalibrationKind::isotonic:
      return fit_isotonic(logits, outcomes);
  }
  fail("unknown calibration");
}

nlohmann::json calibration_json(const PageCalibration& calibration) {
  return {{"click", map_json(calibration.click)},
          {"purchase", map_json(calibration.purchase)},
          {"cart", map_json(calibration.cart)}};
}

PageCalibration calibration_from(const nlohmann::json& json) {
  return {map_from(json.at("click")), map_from(json.at("purchase")), map_from(json.at("cart"))};
}

}  // namespace pagewright
