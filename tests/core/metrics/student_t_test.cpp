#include "core/metrics/student_t.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("Student's t distribution has its closed forms for 1, 2 and 4 degrees of freedom") {
  for (const double t : {-40.0, -3.0, -1.0, -0.1, 0.0, 0.2, 1.0, 2.5, 12.0}) {
    CHECK(student_t_distribution(t, 1) == Approx(0.5 + std::atan(t) / M_PI).margin(1e-13));
    CHECK(student_t_distribution(t, 2) == Approx(0.5 + t / (2 * std::sqrt(2 + t * t))).margin(1e-13));
    const double u = t / std::sqrt(4 + t * t);
    CHECK(student_t_distribution(t, 4) == Approx(0.5 + 0.75 * (u - u * u * u / 3)).margin(1e-13));
  }
}

TEST_CASE(
    "Student's t has its closed forms for 1, 2 and 4 degrees of freedom and nears the normal for many") {
  for (const double t : {0.0, 0.1, 0.7, 1.5, 3.0, 12.0, 200.0}) {
    CHECK(student_p_value(t, 1) == Approx(1 - 2 * std::atan(t) / std::numbers::pi).epsilon(1e-9));
    CHECK(student_p_value(t, 2) == Approx(1 - t / std::sqrt(2 + t * t)).epsilon(1e-8).margin(1e-15));
    const double u = t / std::sqrt(4 + t * t);
    CHECK(student_p_value(t, 4) == Approx(1 - 1.5 * u + 0.5 * u * u * u).epsilon(1e-6).margin(1e-14));
    CHECK(student_p_value(-t, 3) == student_p_value(t, 3));
  }
  CHECK(student_p_value(1.96, 1e7) == Approx(std::erfc(1.96 / std::sqrt(2.0))).epsilon(1e-5));
}

TEST_CASE("quantiles of Student's t are those of the printed tables") {
  CHECK(student_t_quantile(0.975, 1) == Approx(12.7062047).epsilon(1e-8));
  CHECK(student_t_quantile(0.975, 4) == Approx(2.7764451).epsilon(1e-8));
  CHECK(student_t_quantile(0.95, 9) == Approx(1.8331129).epsilon(1e-7));
  CHECK(student_t_quantile(0.995, 30) == Approx(2.7499957).epsilon(1e-7));
  CHECK(student_t_quantile(0.025, 4) == Approx(-student_t_quantile(0.975, 4)));
  CHECK(student_t_quantile(0.5, 7) == Approx(0).margin(1e-12));
  CHECK_THROWS(student_t_quantile(1, 4));
  CHECK_THROWS(student_t_distribution(0, 0));
}

TEST_CASE("the interval of a mean is mean plus or minus t s over root n, unknown values left out") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Estimate estimate = mean_with_t_interval(std::vector<double>{1, nan, 2, 6});
  CHECK(estimate.n == 3);
  CHECK(estimate.mean == Approx(3));
  // s^2 = ((1-3)^2 + (2-3)^2 + (6-3)^2) / 2 = 7; t(.975, 2) = 4.3026527
  CHECK(estimate.high - estimate.mean == Approx(4.3026527 * std::sqrt(7.0 / 3)).epsilon(1e-7));
  CHECK(estimate.mean - estimate.low == Approx(estimate.high - estimate.mean));
  const Estimate single = mean_with_t_interval(std::vector<double>{nan, 4});
  CHECK((single.n == 1 && single.mean == 4 && std::isnan(single.low) && std::isnan(single.high)));
  CHECK(std::isnan(mean_with_t_interval({}).mean));
}

}  // namespace
}  // namespace pagewright
