#include "core/metrics/mann_kendall.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include "tests/support/catch.hpp"

using namespace pagewright;

TEST_CASE("the trend test is exact: it equals the count over all orders") {
  std::vector<double> values(6);
  std::iota(values.begin(), values.end(), 1.0);
  // P(as few inversions), by enumeration of the 720 orders.
  std::vector<int> counts(16, 0);
  do {
    int inversions = 0;
    for (std::size_t i = 0; i < 6; ++i)
      for (std::size_t j = i + 1; j < 6; ++j) inversions += values[i] > values[j] ? 1 : 0;
    ++counts[static_cast<std::size_t>(inversions)];
  } while (std::ranges::next_permutation(values).found);
  std::iota(values.begin(), values.end(), 1.0);
  do {
    int inversions = 0, at_most = 0;
    for (std::size_t i = 0; i < 6; ++i)
      for (std::size_t j = i + 1; j < 6; ++j) inversions += values[i] > values[j] ? 1 : 0;
    for (int k = 0; k <= inversions; ++k) at_most += counts[static_cast<std::size_t>(k)];
    if (rising_p_value(values) != Approx(at_most / 720.0).epsilon(1e-12)) FAIL("another p-value");
  } while (std::ranges::next_permutation(values).found);
  CHECK(rising_p_value(std::vector<double>{1, 2, 3, 4, 5, 6}) == Approx(1.0 / 720));
  CHECK(falling_p_value(std::vector<double>{1, 2, 3, 4, 5, 6}) == Approx(1));
  CHECK(falling_p_value(std::vector<double>{6, 5, 4, 3, 2, 1}) == Approx(1.0 / 720));
  CHECK(rising_p_value(std::vector<double>{1}) == 1);
  CHECK(rising_p_value(std::vector<double>{2, 2, 2}) == Approx(1));
}
