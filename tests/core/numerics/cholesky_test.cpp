#include "core/numerics/cholesky.hpp"

#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("a symmetric positive definite system is solved, and only its lower triangle is read") {
  // A = L L' with L = [2 0 0; 1 3 0; -1 2 1], x = (1, -2, 3).
  const std::vector<double> a{4, 99, 99, 2, 10, 99, -2, 5, 6};
  const std::vector<double> x = solve_positive_definite(a, {4 - 4 - 6, 2 - 20 + 15, -2 - 10 + 18});
  REQUIRE(x.size() == 3);
  CHECK(x[0] == Approx(1));
  CHECK(x[1] == Approx(-2));
  CHECK(x[2] == Approx(3));
  CHECK(solve_positive_definite({}, {}).empty());
}

}  // namespace
}  // namespace pagewright
