#include "core/rl/moments.hpp"

#include <cmath>
#include <vector>

#include "tests/support/catch.hpp"

using pagewright::Moments;

TEST_CASE("a large mean does not eat the variance") {
  // Mean 1000, spread +-0.01: E[x^2] - E[x]^2 in single precision gives a negative variance here.
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(1000.0 + 0.01 * std::sin(0.7 * i));
  double exact = 0, sum = 0;
  for (double value : values) sum += value - 1000.0;
  for (double value : values) exact += std::pow(value - 1000.0 - sum / 1000, 2);
  exact /= 1000;

  Moments added;
  for (double value : values) added.add(value);
  CHECK(added.variance() == Approx(exact).epsilon(1e-6));
  CHECK(Moments::of(values).variance() == Approx(exact).epsilon(1e-6));

  Moments merged;
  for (std::size_t i = 0; i < values.size(); i += 125) {
    Moments part;
    for (std::size_t j = i; j < i + 125; ++j) part.add(values[j]);
    merged.merge(part);
  }
  CHECK(merged.count == 1000);
  CHECK(merged.mean == Approx(added.mean).epsilon(1e-14));
  CHECK(merged.variance() == Approx(exact).epsilon(1e-6));

  float sum_of_squares = 0, plain_sum = 0;
  for (double value : values) {
    const auto x = static_cast<float>(value);
    sum_of_squares += x * x;
    plain_sum += x;
  }
  const float naive = sum_of_squares / 1000 - (plain_sum / 1000) * (plain_sum / 1000);
  CHECK(std::abs(naive - exact) > exact);
}

TEST_CASE("moments of a masked span leave the masked values out and merging nothing changes nothing") {
  const std::vector<double> values{1, 99, 3};
  const std::vector<std::uint8_t> mask{1, 0, 1};
  Moments moments = Moments::of(values, mask);
  CHECK(moments.count == 2);
  CHECK(moments.mean == 2);
  CHECK(moments.variance() == 1);
  CHECK(moments.sample_variance() == 2);
  const Moments before = moments;
  moments.merge(Moments{});
  CHECK(moments == before);
  Moments empty;
  CHECK(empty.variance() == 0);
  CHECK(empty.sample_variance() == 0);
  empty.merge(before);
  CHECK(empty == before);
}
