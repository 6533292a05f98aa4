#pragma once
#include <limits>
#include <string>

namespace pagewright {

/// The numbers a key allows, and their unit. Of a list or map key every element must lie in it.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool includes_low = true;
  bool includes_high = true;
  std::string unit;  ///< for the reference page: "tokens", "nats", "seconds"; may be empty

  bool contains(double value) const;
  /// All numbers are allowed.
  bool is_everything() const;
  /// As a message says it after "must be": "in (0, 1]", "at least 1", "above 0".
  std::string text() const;
  Range in_units(std::string name) const;
};

Range any_number();
Range in_closed(double low, double high);      ///< low <= x <= high
Range in_open(double low, double high);        ///< low < x < high
Range in_left_open(double low, double high);   ///< low < x <= high
Range in_right_open(double low, double high);  ///< low <= x < high
Range at_least(double low);
Range at_most(double high);
Range above(double low);
Range positive();  ///< above 0

}  // namespace pagewright
