#include "core/metrics/ab_statistics.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Columns of one group of ab_users.csv: pre_revenue, impressions, clicks, revenue.
struct AbGroup {
  std::vector<double> before, impressions, clicks, revenue;
};

AbGroup ab_group(int wanted) {
  std::ifstream file(PAGEWRIGHT_TEST_DATA "/metrics/ab_users.csv");
  REQUIRE(file);
  std::string line;
  std::getline(file, line);
  REQUIRE(line.rfind("user,group,pre_revenue,sessions,impressions,clicks,revenue", 0) == 0);
  AbGroup group;
  while (std::getline(file, line)) {
    std::istringstream cells(line);
    std::array<double, 7> row{};
    for (double& value : row) {
      std::string cell;
      std::getline(cells, cell, ',');
      value = std::stod(cell);
    }
    if (static_cast<int>(row[1]) != wanted) continue;
    group.before.push_back(row[2]);
    group.impressions.push_back(row[4]);
    group.clicks.push_back(row[5]);
    group.revenue.push_back(row[6]);
  }
  return group;
}

nlohmann::json ab_expected() {
  std::ifstream file(PAGEWRIGHT_TEST_DATA "/metrics/ab_expected.json");
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

Approx close_to(const nlohmann::json& value) {
  return Approx(value.get<double>()).epsilon(1e-10);
}

}  // namespace

TEST_CASE("A/B statistics equal the vectors") {
  const AbGroup treatment = ab_group(1), control = ab_group(0);
  const auto expected = ab_expected();

  const auto& welch = expected.at("welch_revenue_per_user");
  const AbTest test = welch_test(treatment.revenue, control.revenue);
  CHECK(test.treatment == close_to(welch.at("mean_t")));
  CHECK(test.control == close_to(welch.at("mean_c")));
  CHECK(test.difference == close_to(welch.at("diff")));
  CHECK(test.error == close_to(welch.at("se")));
  CHECK(test.statistic == close_to(welch.at("t")));
  CHECK(test.p == close_to(welch.at("p_two_sided")));

  const auto& cuped = expected.at("cuped");
  const CupedTest adjusted =
      cuped_test({treatment.revenue, treatment.before}, {control.revenue, control.before});
  CHECK(adjusted.theta == close_to(cuped.at("theta_pooled")));
  CHECK(adjusted.test.difference == close_to(cuped.at("diff")));
  CHECK(adjusted.test.error == close_to(cuped.at("se")));
  CHECK(adjusted.test.p == close_to(cuped.at("p_two_sided")));
  CHECK(adjusted.variance_reduction == close_to(cuped.at("rho_squared")));

  const auto& delta = expected.at("delta_method_ctr");
  const RatioTest ratio =
      ratio_test({treatment.clicks, treatment.impressions}, {control.clicks, control.impressions});
  CHECK(ratio.test.treatment == close_to(delta.at("ctr_t")));
  CHECK(ratio.test.control == close_to(delta.at("ctr_c")));
  CHECK(ratio.test.error == close_to(delta.at("se")));
  CHECK(ratio.test.statistic == close_to(delta.at("z")));
  CHECK(ratio.test.p == close_to(delta.at("p_two_sided")));
  CHECK(ratio.relative_lift == close_to(delta.at("relative_lift")));
  CHECK(ratio.lift_error == close_to(delta.at("se_relative_lift_delta")));

  const auto& srm = expected.at("srm_chi2");
  const SampleRatioTest sizes = sample_ratio_test(static_cast<std::int64_t>(treatment.revenue.size()),
                                                  static_cast<std::int64_t>(control.revenue.size()));
  CHECK(sizes.chi_square == close_to(srm.at("chi2")));
  CHECK(sizes.p == close_to(srm.at("p")));
}

TEST_CASE("tests of equal groups are rejected about as often as the level says") {
  int welch = 0, ratio = 0;
  const int worlds = 1000;
  for (int world = 0; world < worlds; ++world) {
    CounterRandom random(7, RandomStream::world, static_cast<std::uint64_t>(world));
    std::vector<double> clicks[2], shown[2];
    for (int group = 0; group < 2; ++group)
      for (int user = 0; user < 80 + 40 * group; ++user) {
        const double rate = 0.1 + 0.3 * random.uniform();
        shown[group].push_back(static_cast<double>(5 + random.below(30)));
        clicks[group].push_back(0);
        for (int i = 0; i < shown[group].back(); ++i) clicks[group].back() += random.uniform() < rate;
      }
    welch += welch_test(clicks[1], clicks[0]).p < 0.05;
    ratio += ratio_test({clicks[1], shown[1]}, {clicks[0], shown[0]}).test.p < 0.05;
  }
  CHECK(welch >= 0.03 * worlds);
  CHECK(welch <= 0.075 * worlds);
  CHECK(ratio >= 0.03 * worlds);
  CHECK(ratio <= 0.075 * worlds);
}

TEST_CASE("A/B statistics refuse what cannot be tested") {
  const std::vector<double> one{1}, constant{2, 2}, zero{0, 0}, three{1, 2, 3}, same{5, 5, 5};
  CHECK_THROWS_AS(welch_test(one, three), Error);
  CHECK_THROWS_AS(welch_test(constant, constant), Error);
  CHECK_THROWS_AS(cuped_test({three, constant}, {three, three}), Error);
  CHECK_THROWS_AS(cuped_test({three, same}, {three, same}), Error);
  CHECK_THROWS_AS(ratio_test({three, three}, {constant, zero}), Error);
  CHECK_THROWS_AS(sample_ratio_test(0, 0), Error);
  CHECK_THROWS_AS(sample_ratio_test(1, 1, 1), Error);
}

}  // namespace pagewright
