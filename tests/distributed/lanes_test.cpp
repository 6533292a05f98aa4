#include <cmath>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/numerics/block_sum.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/lane_tree.hpp"
#include "distributed/topology.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

at::Tensor lane_values(std::uint64_t lane, std::int64_t size) {
  at::Tensor values = at::empty({size}, at::kFloat);
  CounterRandom random(11, RandomStream::world, lane);
  float* data = values.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < size; ++i) data[i] = static_cast<float>(random.normal());
  return values;
}

}  // namespace

TEST_CASE("lanes are added along a fixed binary tree") {
  const auto pool = make_lane_pool(2);
  std::vector<at::Tensor> lanes;
  for (std::uint64_t lane = 0; lane < 8; ++lane) lanes.push_back(lane_values(lane, 40000));
  std::vector<std::vector<float>> copies;
  for (const at::Tensor& lane : lanes)
    copies.emplace_back(lane.const_data_ptr<float>(), lane.const_data_ptr<float>() + lane.numel());
  add_lanes(std::span<const at::Tensor>(lanes));
  bool equal = true;
  for (std::size_t i = 0; i < 40000; ++i) {
    const auto at = [&](int lane) { return copies[static_cast<std::size_t>(lane)][i]; };
    const float expected = ((at(0) + at(1)) + (at(2) + at(3))) + ((at(4) + at(5)) + (at(6) + at(7)));
    equal = equal && lanes[0].const_data_ptr<float>()[i] == expected;
  }
  CHECK(equal);
  CHECK_THROWS_AS(add_lanes(std::span<const at::Tensor>(lanes).first(3)), Error);
}

TEST_CASE("named sums of lanes are added along the same tree") {
  const std::vector<LaneSums> lanes{
      {{"loss", .1}, {"tokens", 3}}, {{"loss", .2}}, {{"loss", .3}, {"pages", 1}}, {}};
  const LaneSums sums = add_lanes(std::span<const LaneSums>(lanes));
  CHECK(sums == LaneSums{{"loss", (.1 + .2) + .3}, {"pages", 1}, {"tokens", 3}});
  CHECK(add_lanes(std::span<const double>(std::vector<double>{.1, .2, .3, .4})) == (.1 + .2) + (.3 + .4));
}

TEST_CASE("the block sum of squares agrees with the exact sum, in both precisions") {
  for (const std::int64_t size : {1, 7, 4096, 4097, 100003}) {
    const at::Tensor values = lane_values(3, size);
    long double exact = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const long double value = values.const_data_ptr<float>()[i];
      exact += value * value;
    }
    CHECK(block_sum_of_squares(values) == Approx(static_cast<double>(exact)).epsilon(1e-12));
    CHECK(block_sum_of_squares(values.to(at::kDouble)) == block_sum_of_squares(values));
  }
  CHECK(std::isnan(block_sum_of_squares(at::tensor({1.0f, std::nanf("")}))));
}

TEST_CASE("the numeric fingerprint is the same on every thread of a pool") {
  const auto pool = make_lane_pool(3);
  std::vector<std::string> prints(6);
  pool->run(6, [&](int job) { prints[static_cast<std::size_t>(job)] = numeric_fingerprint(); });
  for (const std::string& print : prints) CHECK(print == numeric_fingerprint());
  CHECK(numeric_fingerprint().size() == 64);
}
