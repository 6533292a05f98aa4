#include "rewards/models/correlation.hpp"

#include <cmath>
#include <vector>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

TEST_CASE("correlations have their textbook values") {
  // Ranks 1 2 3 4 5 against 2 1 4 3 5: 1 - 6 * 4 / (5 * 24) = .8
  const std::vector<double> x{1, 2, 3, 4, 5}, y{0.2, 0.1, 40, 3, 500};
  CHECK(spearman_correlation(x, y) == Approx(0.8));
  CHECK(pearson_correlation(x, std::vector<double>{-2, -4, -6, -8, -10}) == Approx(-1));
  CHECK(pearson_correlation(x, std::vector<double>(5, 3.0)) == 0);
  CHECK(pearson_correlation({}, {}) == 0);
}

TEST_CASE("equal values share their mean rank") {
  CounterRandom random(4, RandomStream::controls);
  std::vector<double> x, y;
  for (int i = 0; i < 80; ++i) {
    x.push_back(static_cast<double>(random.below(6)));
    y.push_back(x.back() + static_cast<double>(random.below(9)));
  }
  // Ranks by counting: those below, and half of the others that are equal.
  const auto ranks = [](const std::vector<double>& values) {
    std::vector<double> counted;
    for (const double value : values) {
      double rank = 0;
      for (const double other : values) rank += other < value ? 1 : other == value ? 0.5 : 0;
      counted.push_back(rank);
    }
    return counted;
  };
  CHECK(spearman_correlation(x, y) == Approx(pearson_correlation(ranks(x), ranks(y))).epsilon(1e-12));
}

}  // namespace
}  // namespace pagewright
