#include "core/metrics/bootstrap.hpp"

#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

Estimate bootstrap_one(const std::vector<std::int32_t>& users, const RatioColumn& column,
                       BootstrapOptions options = {}) {
  return bootstrap_by_user(users, std::span(&column, 1), options).at(0);
}

}  // namespace

TEST_CASE("the bootstrap interval of a constant is the constant") {
  const std::vector<std::int32_t> users{0, 0, 1, 2, 2, 2, 3};
  const Estimate estimate = bootstrap_one(users, mean_column(std::vector<double>(7, 0.25)));
  CHECK(estimate.mean == 0.25);
  CHECK(estimate.low == 0.25);
  CHECK(estimate.high == 0.25);
  CHECK(estimate.n == 7);
}

TEST_CASE("the paired difference of identical policies is exactly 0") {
  std::vector<std::int32_t> users;
  std::vector<double> values;
  CounterRandom random(3, RandomStream::baseline);
  for (int i = 0; i < 300; ++i)
    users.push_back(static_cast<std::int32_t>(random.below(90))), values.push_back(random.normal());
  const Estimate estimate = bootstrap_one(users, difference_column(values, values));
  CHECK(estimate.mean == 0);
  CHECK(estimate.low == 0);
  CHECK(estimate.high == 0);
}

TEST_CASE("every page weighs the same in the mean, whatever its user's number of pages") {
  const Estimate estimate = bootstrap_one({0, 0, 0, 1}, mean_column(std::vector<double>{1, 1, 1, 5}));
  CHECK(estimate.mean == 2);
  CHECK(estimate.low == 1);
  CHECK(estimate.high == 5);
}

TEST_CASE("undefined observations are left out of means and differences") {
  const std::vector<double> left{1, kUndefined, 3, 4}, right{0, 1, kUndefined, 1};
  CHECK(bootstrap_one({0, 1, 2, 3}, mean_column(left)).mean == Approx(8.0 / 3));
  const Estimate difference = bootstrap_one({0, 1, 2, 3}, difference_column(left, right));
  CHECK(difference.mean == 2);
  CHECK(difference.n == 2);
  const Estimate nothing = bootstrap_one({0, 1}, mean_column(std::vector<double>{kUndefined, kUndefined}));
  CHECK(std::isnan(nothing.mean));
  CHECK(std::isnan(nothing.low));
  CHECK(nothing.n == 0);
}

TEST_CASE("with two users the interval is that of the enumerated resamples") {
  // Resamples of users {0, 1}: both 0, both 1, or one of each, with probabilities 1/4, 1/4, 1/2.
  const RatioColumn column{{2, 3}, {4, 12}};
  const Estimate estimate = bootstrap_one({0, 1}, column);
  CHECK(estimate.mean == Approx(5.0 / 16));
  CHECK(estimate.low == 0.25);
  CHECK(estimate.high == 0.5);
  BootstrapOptions narrow;
  narrow.level = 0.2;
  CHECK(bootstrap_one({0, 1}, column, narrow).low == Approx(5.0 / 16));
  CHECK(bootstrap_one({0, 1}, column, narrow).high == Approx(5.0 / 16));
}

TEST_CASE("the bootstrap is a function of its seed and of nothing else") {
  std::vector<std::int32_t> users;
  std::vector<double> values, others;
  CounterRandom random(4, RandomStream::baseline);
  for (int i = 0; i < 200; ++i) {
    users.push_back(i);
    values.push_back(random.normal());
    others.push_back(random.normal());
  }
  const RatioColumn column = mean_column(values);
  const std::vector<RatioColumn> pair{mean_column(others), column};
  const Estimate first = bootstrap_one(users, column);
  const Estimate beside = bootstrap_by_user(users, pair, {}).at(1);
  CHECK(first.low == beside.low);
  CHECK(first.high == beside.high);
  BootstrapOptions other_seed;
  other_seed.seed = 1;
  CHECK(bootstrap_one(users, column, other_seed).low != first.low);
}

TEST_CASE("intervals cover the known mean about as often as they say, with pages clustered in users") {
  int covered = 0, covered_by_page = 0;
  const int worlds = 300;
  BootstrapOptions options;
  options.resamples = 300;
  for (int world = 0; world < worlds; ++world) {
    CounterRandom random(99, RandomStream::world, static_cast<std::uint64_t>(world));
    std::vector<std::int32_t> users, pages;
    std::vector<double> values;
    for (int user = 0; user < 60; ++user) {
      const double taste = random.normal();
      for (std::uint64_t page = 0; page < 1 + random.below(6); ++page) {
        users.push_back(user);
        pages.push_back(static_cast<std::int32_t>(pages.size()));
        values.push_back(2.5 + taste + 0.3 * random.normal());
      }
    }
    const RatioColumn column = mean_column(values);
    const Estimate by_user = bootstrap_one(users, column, options),
                   by_page = bootstrap_one(pages, column, options);
    covered += by_user.low <= 2.5 && 2.5 <= by_user.high;
    covered_by_page += by_page.low <= 2.5 && 2.5 <= by_page.high;
  }
  CHECK(covered >= 0.90 * worlds);
  CHECK(covered <= 0.99 * worlds);
  CHECK(covered_by_page < 0.85 * worlds);
}

TEST_CASE("the bootstrap standard width agrees with the normal approximation") {
  std::vector<std::int32_t> users;
  std::vector<double> values;
  CounterRandom random(8, RandomStream::baseline);
  double sum = 0, squares = 0;
  const int n = 2000;
  for (int i = 0; i < n; ++i) {
    users.push_back(i);
    values.push_back(random.uniform());
    sum += values.back();
    squares += values.back() * values.back();
  }
  const double error = std::sqrt((squares / n - sum / n * sum / n) / n);
  const Estimate estimate = bootstrap_one(users, mean_column(values));
  CHECK(estimate.high - estimate.mean == Approx(1.96 * error).epsilon(0.08));
  CHECK(estimate.mean - estimate.low == Approx(1.96 * error).epsilon(0.08));
}

TEST_CASE("users are numbered in order of appearance") {
  const std::vector<std::string> users{"b", "a", "b", "c"};
  CHECK(number_users(users) == std::vector<std::int32_t>{0, 1, 0, 2});
}

TEST_CASE("the bootstrap refuses impossible input") {
  const RatioColumn column = mean_column(std::vector<double>{1, 2});
  CHECK_THROWS_AS(bootstrap_one({0}, column), Error);
  CHECK_THROWS_AS(bootstrap_one({0, -1}, column), Error);
  BootstrapOptions options;
  options.resamples = 0;
  CHECK_THROWS_AS(bootstrap_one({0, 1}, column, options), Error);
  CHECK_THROWS_AS(difference_column(std::vector<double>{1}, std::vector<double>{1, 2}), Error);
}

}  // namespace pagewright
