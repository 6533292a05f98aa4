#pragma once
// Calibration: maps that make predicted probabilities agree with how often things happen.
//
// temperature  p = sigmoid(z / T), T the least mean log loss (Guo, Pleiss, Sun and Weinberger 2017). One
//              number, so it needs few events; it cannot mend a rate that is wrong as a whole.
// isotonic     p = f(sigmoid(z)), f the non-decreasing function of least squared error (pool adjacent
//              violators; Zadrozny and Elkan 2002), linear between what it was fitted to and constant beyond.
//              It mends any monotone error, and follows noise where events are few.
// Both keep the order of predictions, up to ties.

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

namespace pagewright {

enum class CalibrationKind { none, temperature, isotonic };

/// From a logit to a probability.
struct ProbabilityMap {
  CalibrationKind kind = CalibrationKind::none;
  double temperature = 1;
  std::vector<double> x;  ///< [knots] of f, strictly increasing probabilities
  std::vector<double> y;  ///< [knots] f(x), non-decreasing

  double operator()(double logit) const;
  bool operator==(const ProbabilityMap&) const = default;
};
/// The map of every element, [n] -> [n]. Isotonic maps run on the host and have no gradient.
at::Tensor probabilities(const at::Tensor& logits, const ProbabilityMap& map);

/// Least mean log loss of sigmoid(z / T) over T in [0.01, 100]. `outcomes` are 0 or 1. Without an outcome of
/// each kind there is nothing to fit: CalibrationKind::none.
ProbabilityMap fit_temperature(std::span<const float> logits, std::span<const float> outcomes);
/// The same cases give CalibrationKind::none.
ProbabilityMap fit_isotonic(std::span<const float> logits, std::span<const float> outcomes);
ProbabilityMap fit_calibration(CalibrationKind kind, std::span<const float> logits,
                               std::span<const float> outcomes);

/// Maps of the page model's heads; P(purchase | click) and P(cart | click) are fitted to clicked slots.
struct PageCalibration {
  ProbabilityMap click, purchase, cart;
  bool none() const { return *this == PageCalibration{}; }
  bool operator==(const PageCalibration&) const = default;
};

nlohmann::json calibration_json(const PageCalibration& calibration);
/// Throws nlohmann::json::exception, or Error for maps that are none.
PageCalibration calibration_from(const nlohmann::json& json);

}  // namespace pagewright
