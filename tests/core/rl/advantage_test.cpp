#include "core/rl/advantage.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/rl/whiten.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

using Row = std::vector<double>;
const std::vector<Row> kAdvantageRewards{{0, 0, -.1, 1, 0}, {.2, 0, .5, 0, 0}, {0, -.3, 0, 0, 2}};
const std::vector<Row> kAdvantageValues{{.1, .2, .3, .4, 9}, {.5, -.2, .1, 7, 8}, {1, .9, .8, .7, .6}};
const std::vector<std::vector<std::uint8_t>> kAdvantageMask{
    {1, 1, 1, 1, 0}, {1, 1, 1, 0, 0}, {1, 1, 1, 1, 1}};

void check_rows_close(const Row& actual, const Row& expected, double margin = 1e-6) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).margin(margin));
}

std::vector<Row> batch_advantages() {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 3; ++i)
    rows.push_back(
        generalised_advantages(kAdvantageRewards[i], kAdvantageValues[i], .99, .95, kAdvantageMask[i])
            .advantage);
  return rows;
}

Moments global_moments(const std::vector<Row>& rows) {
  Moments moments;
  for (std::size_t i = 0; i < rows.size(); ++i) moments.merge(Moments::of(rows[i], kAdvantageMask[i]));
  return moments;
}

void check_whitened(const WhitenOptions& options, const std::vector<Row>& expected) {
  std::vector<Row> rows = batch_advantages();
  const Moments moments = global_moments(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    whiten(rows[i], moments, options, kAdvantageMask[i]);
    check_rows_close(rows[i], expected[i], 2e-6);
  }
}

}  // namespace

TEST_CASE("advantages and returns of a padded batch") {
  const std::vector<Row> advantages{{.684836, .623962, .560300, .600000, 0},
                                    {.137026, .675200, .400000, 0, 0},
                                    {.419824, .562279, 1.031663, 1.210700, 1.400000}};
  const std::vector<Row> returns{{.784836, .823962, .860300, 1.0, 0},
                                 {.637026, .475200, .5, 0, 0},
                                 {1.419824, 1.462279, 1.831663, 1.910700, 2.0}};
  for (std::size_t i = 0; i < 3; ++i) {
    const Advantages result =
        generalised_advantages(kAdvantageRewards[i], kAdvantageValues[i], .99, .95, kAdvantageMask[i]);
    check_rows_close(result.advantage, advantages[i]);
    check_rows_close(result.returns, returns[i]);
  }
}

TEST_CASE("advantages are carried across a gap as if it were removed") {
  const Row rewards{0, 0, 0, 0, 1}, values{.1, .2, 999, .4, .5};
  const std::vector<std::uint8_t> mask{1, 1, 0, 1, 1};
  const Advantages result = generalised_advantages(rewards, values, .99, .95, mask);
  check_rows_close(result.advantage, {.782324, .727618, 0, .565250, .5});
  check_rows_close(result.returns, {.882324, .927618, 0, .965250, 1.0});
  const Advantages removed = generalised_advantages(Row{0, 0, 0, 1}, Row{.1, .2, .4, .5}, .99, .95);
  check_rows_close({result.advantage[0], result.advantage[1], result.advantage[3], result.advantage[4]},
                   removed.advantage, 0);
}

TEST_CASE("advantages of published examples") {
  check_rows_close(generalised_advantages(Row{0, 0, 5}, Row{1, 2, 3}, 1, 0).advantage, {1, 1, 2});
  const Row row{0, 0, 0, 1};
  check_rows_close(generalised_advantages(row, row, .9, .95).returns,
                   {std::pow(.9, 3) * .95 * .95, .9 * .9 * .95, .9, 1});
}

TEST_CASE("with lambda 1 and no critic the advantages are discounted returns") {
  const std::vector<Row> expected{{.872289, .881100, .890000, 1, 0},
                                  {.690050, .495000, .5, 0, 0},
                                  {1.624192, 1.640598, 1.960200, 1.98, 2}};
  std::vector<Row> rows;
  for (std::size_t i = 0; i < 3; ++i) {
    rows.push_back(
        generalised_advantages(kAdvantageRewards[i], Row(5, 0.0), .99, 1, kAdvantageMask[i]).returns);
    check_rows_close(rows[i], expected[i]);
  }
  whiten(rows[0], global_moments(rows), {}, kAdvantageMask[0]);
  check_rows_close(rows[0], {-.577155, -.562147, -.546987, -.359615, 0}, 2e-6);
}

TEST_CASE("a sequence that was cut off takes the value behind its end") {
  const Advantages ended = generalised_advantages(Row{0, 1}, Row{.5, .5}, 1, 1);
  const Advantages cut = generalised_advantages(Row{0, 1}, Row{.5, .5}, 1, 1, {}, 2.0);
  check_rows_close(ended.returns, {1, 1});
  check_rows_close(cut.returns, {3, 3});
}

TEST_CASE("whitening over the global batch in three conventions") {
  const Moments moments = global_moments(batch_advantages());
  CHECK(moments.sample_variance() == Approx(.127329).margin(1e-6));
  CHECK(moments.variance() == Approx(.116719).margin(1e-6));
  check_whitened({}, {{-.020494, -.191090, -.369499, -.258242, 0},
                      {-1.555698, -.047499, -.818729, 0, 0},
                      {-.763174, -.363952, .951466, 1.453205, 1.983706}});
  const std::vector<Row> biased{{-.021405, -.199587, -.385929, -.269725, 0},
                                {-1.624873, -.049611, -.855135, 0, 0},
                                {-.797109, -.380135, .993774, 1.517823, 2.071913}};
  check_whitened({.unbiased = false, .divisor = WhitenDivisor::sqrt_of_variance_at_least}, biased);
  std::vector<Row> rows = batch_advantages();
  const WhitenOptions deviation{.unbiased = false, .divisor = WhitenDivisor::deviation_plus_eps, .eps = 1e-5};
  for (std::size_t i = 0; i < 3; ++i) whiten(rows[i], moments, deviation, kAdvantageMask[i]);
  check_rows_close(rows[0], {-.021405, -.199581, -.385918, -.269717, 0}, 2e-6);
  CHECK(rows[2][4] == Approx(2.071853).margin(1e-6));
}

TEST_CASE("whitening per part of the batch would give other signs") {
  std::vector<Row> rows = batch_advantages();
  Moments first = Moments::of(rows[0], kAdvantageMask[0]);
  first.merge(Moments::of(rows[1], kAdvantageMask[1]));
  Row local = rows[0];
  whiten(local, first, {}, kAdvantageMask[0]);
  check_rows_close(local, {.810144, .499844, .175333, .377700, 0}, 2e-6);
  Row second = rows[1];
  whiten(second, first, {}, kAdvantageMask[1]);
  check_rows_close(second, {-1.982267, .761025, -.641781, 0, 0}, 2e-6);
  Row last = rows[2];
  whiten(last, Moments::of(rows[2], kAdvantageMask[2]), {}, kAdvantageMask[2]);
  check_rows_close(last, {-1.202720, -.863492, .254250, .680591, 1.131370}, 2e-6);
  whiten(rows[0], global_moments(batch_advantages()), {}, kAdvantageMask[0]);
  CHECK(rows[0][0] < 0);
  CHECK(local[0] > 0);
}

TEST_CASE("whitening leaves unit deviation and, with the shift, zero mean") {
  std::vector<Row> rows = batch_advantages();
  const Moments moments = global_moments(rows);
  for (std::size_t i = 0; i < 3; ++i) whiten(rows[i], moments, {}, kAdvantageMask[i]);
  const Moments whitened = global_moments(rows);
  CHECK(whitened.mean == Approx(0).margin(1e-12));
  CHECK(whitened.sample_variance() == Approx(1).epsilon(1e-6));
}

TEST_CASE("whitening without the shift keeps the mean") {
  const Row values{1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0};
  Row biased = values, unbiased = values;
  whiten(biased, Moments::of(values), {.unbiased = false, .shift_mean = false});
  whiten(unbiased, Moments::of(values), {.shift_mean = false});
  check_rows_close(biased, {.0508, .4381, .8254, 1.2127, 1.6, 1.9873, 2.3746, 2.7619, 3.1492}, 1e-4);
  check_rows_close(unbiased, {.1394, .5046, .8697, 1.2349, 1.6, 1.9651, 2.3303, 2.6954, 3.0606}, 1e-4);
  CHECK(unbiased[0] == Approx(.139407).margin(1e-6));
  CHECK(unbiased[1] == Approx(.504555).margin(1e-6));
}
