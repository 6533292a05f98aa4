#include "core/config/range.hpp"

#include <cmath>
#include <utility>

#include "core/base/float_format.hpp"

namespace pagewright {

bool Range::contains(double value) const {
  return (includes_low ? value >= low : value > low) && (includes_high ? value <= high : value < high);
}

bool Range::is_everything() const {
  return std::isinf(low) && std::isinf(high) && low < 0 && high > 0 && includes_low && includes_high;
}

std::string Range::text() const {
  const bool below_open = std::isinf(low), above_open = std::isinf(high);
  if (below_open && above_open) return is_everything() ? "" : "finite";
  if (above_open) return (includes_low ? "at least " : "above ") + shortest_text(low);
  if (below_open) return (includes_high ? "at most " : "below ") + shortest_text(high);
  return std::string("in ") + (includes_low ? "[" : "(") + shortest_text(low) + ", " + shortest_text(high) +
         (includes_high ? "]" : ")");
}

Range Range::in_units(std::string name) const {
  Range range = *this;
  range.unit = std::move(name);
  return range;
}

Range any_number() {
  return {};
}
Range in_closed(double low, double high) {
  return {low, high, true, true, {}};
}
Range in_open(double low, double high) {
  return {low, high, false, false, {}};
}
Range in_left_open(double low, double high) {
  return {low, high, false, true, {}};
}
Range in_right_open(double low, double high) {
  return {low, high, true, false, {}};
}
Range at_least(double low) {
  return {low, std::numeric_limits<double>::infinity(), true, false, {}};
}
Range at_most(double high) {
  return {-std::numeric_limits<double>::infinity(), high, false, true, {}};
}
Range above(double low) {
  return {low, std::numeric_limits<double>::infinity(), false, false, {}};
}
Range positive() {
  return above(0);
}

}  // namespace pagewright
