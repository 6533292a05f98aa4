#include "core/rl/pairwise_loss.hpp"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/likelihood_loss.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

at::Tensor pair_row(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}
double pair_sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

}  // namespace

TEST_CASE("Bradley-Terry on implicit rewards gives the published preference loss") {
  const at::Tensor chosen = .1 * (pair_row({-5, -7}) - pair_row({-5.5, -7}));
  const at::Tensor rejected = .1 * (pair_row({-6, -6.5}) - pair_row({-5.8, -6.9}));
  const std::vector<double> mean{.5, .5};
  CHECK(weighted_sum(bradley_terry_terms(chosen, rejected, {}, 0), mean).item<double>() ==
        Approx(.686053).margin(1e-6));
  CHECK(weighted_sum(chosen, mean).item<double>() == Approx(.025));
  CHECK(weighted_sum(rejected, mean).item<double>() == Approx(.010));
}

TEST_CASE("Bradley-Terry with margin and label smoothing") {
  const double d = 1.5 - .25 - .5;
  const at::Tensor loss = bradley_terry_terms(pair_row({1.5}), pair_row({.25}), pair_row({.5}), .1);
  CHECK(loss.item<double>() == Approx(-.9 * std::log(pair_sigmoid(d)) - .1 * std::log(pair_sigmoid(-d))));
  CHECK_THROWS_AS(bradley_terry_terms(pair_row({1}), pair_row({0}), {}, .5), Error);
  CHECK(bradley_terry_terms(pair_row({-500}), pair_row({500}), {}, 0).item<double>() == Approx(1000));
}

TEST_CASE("the swap loss rewards scores that agree with the better order") {
  const at::Tensor loss = swap_loss_terms(pair_row({2, 2}), pair_row({1, 1}), pair_row({1, -1}));
  CHECK(loss[0].item<double>() == Approx(-std::log(pair_sigmoid(1))));
  CHECK(loss[1].item<double>() == Approx(-std::log(pair_sigmoid(-1))));
}

TEST_CASE("the likelihood weighs items that were shown and not engaged with") {
  PageSpans spans;
  spans.slots = {{0, 0, 0, 5, 1}, {0, 0, 1, 6, 2}};
  spans.page_end = 4;
  const std::vector<double> slot_weights{.3, 1};
  const auto weights = likelihood_weights(spans, 5, slot_weights);
  CHECK(weights == std::vector<double>{1, .3, 1, 1, 1});
  at::Tensor log_probs = pair_row({-.1, -2, -.5, -.2, -.4}).requires_grad_(true);
  const at::Tensor loss = likelihood_loss(log_probs, weights, 8.6);
  CHECK(loss.item<double>() == Approx((.1 + .6 + .5 + .2 + .4) / 8.6));
  loss.backward();
  CHECK(log_probs.grad()[1].item<double>() == Approx(-.3 / 8.6));
}
