#include "core/rl/kl.hpp"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.hpp"
#include "core/rl/aggregation.hpp"
#include "core/rl/kl_controller.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

at::Tensor kl_row(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble);
}

std::vector<double> kl_values(const at::Tensor& tensor) {
  const at::Tensor dense = tensor.detach().contiguous();
  return {dense.const_data_ptr<double>(), dense.const_data_ptr<double>() + dense.numel()};
}

void check_kl_close(const std::vector<double>& actual, const std::vector<double>& expected,
                    double margin = 1e-7) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).margin(margin));
}

const std::vector<double> kKlLogProbs{-.1, -2, -.7}, kKlReference{-.4, -1.5, -.7};

std::vector<double> kl_loss_gradient(KlEstimator estimator) {
  at::Tensor log_probs = kl_row(kKlLogProbs).requires_grad_(true);
  weighted_sum(kl_loss_terms(estimator, log_probs, kl_row(kKlReference), {}), std::vector<double>{1, 1, 1})
      .backward();
  return kl_values(log_probs.grad());
}

/// The expected gradient of a loss term over the actions of a categorical policy, sampled from `sampler`.
std::vector<double> expected_kl_gradient(KlEstimator estimator, const std::vector<double>& sampler) {
  at::Tensor theta = kl_row({.3, -.2, .5}).requires_grad_(true);
  const at::Tensor log_probs = at::log_softmax(theta, 0);
  const at::Tensor reference = at::log_softmax(kl_row({0, .4, -.6}), 0);
  const at::Tensor old = at::log_softmax(kl_row(sampler), 0);
  const at::Tensor ratio = at::exp(log_probs - old);
  weighted_sum(kl_loss_terms(estimator, log_probs, reference, ratio), kl_values(at::exp(old))).backward();
  return kl_values(theta.grad());
}

}  // namespace

TEST_CASE("values of the KL estimators") {
  check_kl_close(kl_terms(KlEstimator::k1, kKlLogProbs, kKlReference), {.3, -.5, 0});
  check_kl_close(kl_terms(KlEstimator::k2, kKlLogProbs, kKlReference), {.045, .125, 0});
  check_kl_close(kl_terms(KlEstimator::k3, kKlLogProbs, kKlReference), {.0408182, .1487212, 0});
  check_kl_close(kl_terms(KlEstimator::k3_plus, kKlLogProbs, kKlReference), {.0408182, .1487212, 0});
  for (const auto estimator : {KlEstimator::k2, KlEstimator::k3, KlEstimator::k3_plus})
    check_kl_close(kl_values(kl_loss_terms(estimator, kl_row(kKlLogProbs), kl_row(kKlReference), {})),
                   kl_terms(estimator, kKlLogProbs, kKlReference), 1e-12);
}

TEST_CASE("gradients of the KL estimators") {
  check_kl_close(kl_loss_gradient(KlEstimator::k2), {.3, -.5, 0});
  check_kl_close(kl_loss_gradient(KlEstimator::k3), {.259182, -.648721, 0}, 1e-6);
  check_kl_close(kl_loss_gradient(KlEstimator::k3_plus), {.3, -.5, 0});
}

TEST_CASE("expected gradients: k2 and k3_plus descend the divergence, k3 the one the other way round") {
  const std::vector<double> exact{-.0539244, -.2257374, .2796618};
  const std::vector<double> own{.3, -.2, .5}, older{-.4, .7, .1};
  for (const auto& sampler : {own, older}) {
    check_kl_close(expected_kl_gradient(KlEstimator::k2, sampler), exact);
    check_kl_close(expected_kl_gradient(KlEstimator::k3_plus, sampler), exact);
    check_kl_close(expected_kl_gradient(KlEstimator::k3, sampler), {.0247366, -.2761507, .2514141});
  }
  const at::Tensor log_probs = at::log_softmax(kl_row(own), 0),
                   reference = at::log_softmax(kl_row({0, .4, -.6}), 0);
  for (const auto estimator : {KlEstimator::k1, KlEstimator::k3}) {
    double mean = 0;
    const auto terms = kl_terms(estimator, kl_values(log_probs), kl_values(reference));
    for (std::size_t i = 0; i < 3; ++i) mean += std::exp(kl_values(log_probs)[i]) * terms[i];
    CHECK(mean == Approx(.2250152).margin(1e-7));
  }
}

TEST_CASE("k1 in the loss is refused since it teaches nothing") {
  CHECK_THROWS_AS(kl_loss_terms(KlEstimator::k1, kl_row({0}), kl_row({0}), {}), Error);
}

TEST_CASE("an extreme log-ratio is clamped instead of exploding") {
  CHECK(kl_term(KlEstimator::k3, -30, -1) == 10);
  CHECK(kl_term(KlEstimator::k1, -60, -1) == -20);
  at::Tensor log_probs = kl_row({-30, -60}).requires_grad_(true);
  const at::Tensor reference = kl_row({-1, -1});
  weighted_sum(kl_loss_terms(KlEstimator::k3, log_probs, reference, {}), std::vector<double>{1, 1})
      .backward();
  check_kl_close(kl_values(log_probs.grad()), {0, 0}, 0);
  at::Tensor pushed = kl_row({-30, -60}).requires_grad_(true);
  weighted_sum(kl_loss_terms(KlEstimator::k3_plus, pushed, reference, {}), std::vector<double>{1, 1})
      .backward();
  check_kl_close(kl_values(pushed.grad()), {-20, -20}, 0);
}

TEST_CASE("the adaptive coefficient follows the published steps") {
  KlController controller({KlControl::adaptive, .15, 6, 1e4, 4});
  const std::vector<double> divergences{3, 6, 9, 7}, expected{.149808, .149808, .14999975, .15015975};
  for (std::size_t i = 0; i < 4; ++i) {
    controller.update(divergences[i], 64);
    CHECK(controller.coefficient() == Approx(expected[i]).epsilon(1e-6));
  }
}

TEST_CASE("a fixed coefficient stays and the hard stop ends a run over budget or without a number") {
  KlController fixed({KlControl::fixed, .1, 2, 2560, 4});
  fixed.update(50, 256);
  CHECK(fixed.coefficient() == .1);
  CHECK_FALSE(fixed.over_budget(4));
  CHECK(fixed.over_budget(4.01));
  CHECK(fixed.over_budget(std::nan("")));
  CHECK_FALSE(KlController({KlControl::fixed, .1, 2, 2560, 0}).over_budget(1e9));
}
