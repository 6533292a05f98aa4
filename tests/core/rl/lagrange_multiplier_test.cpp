#include "core/rl/lagrange_multiplier.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("a multiplier rises by rate times violation and stays within its bounds") {
  LagrangeMultiplier most({"ads", true, 0.25, 2, 0.5, 0.8});
  CHECK(most.violation(0.5) == 0.25);
  most.update(0.3);
  CHECK(most.value() == Approx(0.6));
  most.update(0.9);
  CHECK(most.value() == 0.8);
  most.update(0.05);
  CHECK(most.value() == Approx(0.4));
  most.update(0);
  CHECK(most.value() == 0);
  most.update(std::nan(""));
  CHECK(most.value() == 0);

  LagrangeMultiplier least({"group", false, 0.25, 2, 0, 10});
  CHECK(least.violation(0.5) == -0.25);
  least.update(0.1);
  CHECK(least.value() == Approx(0.3));
}

TEST_CASE("dual ascent finds the price at which a known choice keeps its bound") {
  // Max over p in [0, 1] of p - p^2/2 - lambda (p - 0.3): p = 1 - lambda, so that lambda = 0.7 at the bound.
  LagrangeMultiplier multiplier({"share", true, 0.3, 0.5, 0, 10});
  double share = 1;
  for (int i = 0; i < 200; ++i) {
    share = std::clamp(1 - multiplier.value(), 0.0, 1.0);
    multiplier.update(share);
  }
  CHECK(share == Approx(0.3).margin(1e-9));
  CHECK(multiplier.value() == Approx(0.7).margin(1e-9));
}

TEST_CASE("a multiplier that cannot work is refused") {
  CHECK_THROWS_AS(LagrangeMultiplier({"a", true, 0, 0, 0, 1}), Error);
  CHECK_THROWS_AS(LagrangeMultiplier({"a", true, 0, 1, 2, 1}), Error);
  CHECK_THROWS_AS(LagrangeMultiplier({"a", true, 0, 1, -1, 1}), Error);
}

}  // namespace
}  // namespace pagewright
