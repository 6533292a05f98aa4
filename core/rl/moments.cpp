#include "core/rl/moments.hpp"

#include <cstddef>

#include "core/base/error.hpp"

namespace pagewright {

void Moments::add(double value) {
  count += 1;
  const double before = value - mean;
  mean += before / count;
  m2 += before * (value - mean);
}

void Moments::merge(const Moments& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double total = count + other.count;
  const double difference = other.mean - mean;
  mean += difference * (other.count / total);
  m2 += other.m2 + difference * difference * (count * (other.count / total));
  count = total;
}

Moments Moments::of(std::span<const double> values, std::span<const std::uint8_t> mask) {
  require(mask.empty() || mask.size() == values.size(), "moments: {} values but {} mask entries",
          values.size(), mask.size());
  const auto counts = [&](std::size_t i) { return mask.empty() || mask[i] != 0; };
  Moments result;
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!counts(i)) continue;
    result.count += 1;
    sum += values[i];
  }
  if (result.count == 0) return result;
  result.mean = sum / result.count;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (counts(i)) result.m2 += (values[i] - result.mean) * (values[i] - result.mean);
  return result;
}

}  // namespace pagewright
