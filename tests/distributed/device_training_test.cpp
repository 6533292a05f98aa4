// A whole training by ATen's operators, which learn on devices, against own kernels.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "core/model/device/operator_choice.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cuda_device.hpp"

namespace pagewright::shop_test {
namespace {

struct Trained {
  std::vector<IterationReport> reports;
  at::Tensor values;  // [padded]
};

PpoConfig device_config(KlPlace place) {
  PpoConfig config = shop_config();
  config.kl_in = place;
  config.kl_estimator = place == KlPlace::loss ? KlEstimator::k3_plus : KlEstimator::k1;
  config.entropy_coefficient = 0.01;
  return config;
}

Trained trained_on(c10::Device device, KlPlace place, ShardingConfig sharding) {
  LocalCommunicator alone;
  ShopRun shop(device_config(place), 1, alone, sharding, 1e-3, 2, {.device = device});
  Trained trained{shop.run(), {}};
  trained.values = shop.parameters().values().cpu().clone();
  return trained;
}

void check_near(const Trained& ours, const Trained& theirs) {
  REQUIRE(ours.reports.size() == theirs.reports.size());
  for (std::size_t i = 0; i < ours.reports.size(); ++i)
    for (const char* name : {"reward", "kl_per_page", "policy_loss", "value_loss", "entropy", "grad_norm"}) {
      const auto found = theirs.reports[i].metrics.find(name);
      if (found == theirs.reports[i].metrics.end()) continue;
      INFO(name << " of iteration " << i);
      CHECK(std::abs(ours.reports[i].metrics.at(name) - found->second) <
            2e-3 * (1 + std::abs(found->second)));
    }
  // AdamW moves a parameter by the learning rate whatever the size of its gradient.
  const at::Tensor difference = (ours.values - theirs.values).abs();
  CHECK(difference.mean().item<double>() < 1e-5);
  CHECK(difference.max().item<double>() < 5e-3);
}

}  // namespace

TEST_CASE("operators train as own kernels do") {
  const auto check = [](KlPlace place, const std::vector<ShardingConfig>& ways) {
    const Trained own = trained_on(c10::kCPU, place, {});
    const OperatorsEverywhere everywhere;
    for (const ShardingConfig& way : ways) check_near(trained_on(c10::kCPU, place, way), own);
  };
  check(KlPlace::reward, {{.zero = 2}, {.zero = 1, .checkpoint_activations = true}});
  check(KlPlace::loss, {{}});
}

TEST_CASE("a CUDA device trains as the CPU does", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const KlPlace place : {KlPlace::reward, KlPlace::loss}) {
    const Trained own = trained_on(c10::kCPU, place, {});
    for (const int zero : {0, 1, 2, 3})
      check_near(trained_on(*device, place, {.zero = zero, .determinism = Determinism::fast}), own);
    check_near(trained_on(*device, place, {.determinism = Determinism::fast, .checkpoint_activations = true}),
               own);
  }
}

TEST_CASE("weighted sums on a CUDA device are those of the CPU, and so are their gradients", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const std::vector<double> weights{0.5, 0, -2, 1e-3};
  const at::Tensor terms = at::tensor({1.0, 2.0, 3.0, 4.0}, at::kDouble);
  const at::Tensor there = terms.to(*device).set_requires_grad(true);
  const at::Tensor sum = weighted_sum(there, weights);
  sum.backward();
  CHECK(sum.item<double>() == Approx(weighted_sum(terms, weights).item<double>()).epsilon(1e-14));
  for (std::size_t i = 0; i < weights.size(); ++i)
    CHECK(there.grad()[static_cast<std::int64_t>(i)].item<double>() == weights[i]);
}

}  // namespace pagewright::shop_test
