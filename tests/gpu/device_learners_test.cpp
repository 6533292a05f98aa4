// The sharded learner on devices: FlatParameters, buckets and AdamW against one rank on the CPU.
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include "core/numerics/block_sum.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/agreement.hpp"
#include "distributed/device_group.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/mpi/mpi_communicator.hpp"
#include "distributed/recording_communicator.hpp"
#include "distributed/trainer.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/gpu/device_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

constexpr int kDeviceLanes = 8;

/// Pulls all parameters towards a number that depends on the lane.
at::Tensor pull_loss(const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
  sums["lanes"] += 1;
  at::Tensor loss;
  for (const auto& [name, tensor] : weights.tensors()) {
    const at::Tensor error = tensor.to(at::kFloat) - 0.01 * (lane + 3 * micro_batch);
    const at::Tensor term = (error * error).sum() * 1e-3;
    loss = loss.defined() ? loss + term : term;
  }
  return loss;
}

FlatParameters shop_parameters(c10::Device device, at::ScalarType type = at::kFloat) {
  FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()), type, device);
  parameters.initialise(3);
  return parameters;
}

/// Full buckets have equal parts, the last one has not.
ShardingConfig device_sharding(int zero, int ranks) {
  return {.zero = zero, .determinism = Determinism::fast, .bucket = 4096 * ranks};
}

void take_steps(Communicator& learners, FlatParameters& parameters, const ShardingConfig& sharding,
                int steps) {
  const auto pool = make_lane_pool(2);
  Trainer trainer(learners, parameters, {}, *pool, kDeviceLanes, 10, sharding);
  for (int step = 0; step < steps; ++step) CHECK(trainer.step(pull_loss, 2).sums.at("lanes") == 16);
}

}  // namespace

TEST_CASE("parameters on a device have the values and the digest of those on the CPU") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const FlatParameters host = shop_parameters(c10::kCPU), there = shop_parameters(*device);
  CHECK(there.values().device() == *device);
  CHECK(there.parameters_sha256() == host.parameters_sha256());
}

TEST_CASE("sums of squares of blocks on a device are those of the CPU, the smaller last block too") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const std::int64_t size : {0, 1, 4096, 3 * 4096 + 17}) {
    const at::Tensor host = at::arange(size, at::kFloat) * 1e-3;
    const std::vector<double> expected = block_sums_of_squares(host),
                              found = block_sums_of_squares(host.to(*device));
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-12));
  }
}

TEST_CASE("determinism exact is refused on a device") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  FlatParameters parameters = shop_parameters(*device);
  LocalCommunicator alone;
  CHECK(test::contains(test::error_text([&] { take_steps(alone, parameters, {}, 1); }),
                       "set determinism: fast"));
}

TEST_CASE("learners on devices step as one on the CPU does, for every sharding stage") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  LocalCommunicator alone;
  FlatParameters expected = shop_parameters(c10::kCPU);
  take_steps(alone, expected, {}, 5);
  const auto nccl = test::make_nccl(*world, *device);
  for (const int zero : {0, 1, 2}) {
    FlatParameters parameters = shop_parameters(*device);
    take_steps(*nccl, parameters, device_sharding(zero, world->size()), 5);
    CHECK((parameters.values().cpu() - expected.values()).abs().max().item<double>() < 1e-5);
    const std::string own = parameters.parameters_sha256();
    for (const std::string& other : all_gather_bytes(*world, own)) CHECK(other == own);
  }
}

TEST_CASE("a whole training on devices is near that of one rank on the CPU") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const PpoConfig config = shop_test::shop_config();
  shop_test::ShopRun host(config, 1, 1e-3);
  const auto expected = host.run();
  for (const int zero : {0, 1, 2, 3}) {
    DeviceGroup learners(world->split(0), test::make_nccl(*world, *device));
    shop_test::ShopRun shop(config, 2, learners, device_sharding(zero, world->size()), 1e-3, 1,
                            {.device = *device});
    const auto reports = shop.run();
    REQUIRE(reports.size() == expected.size());
    for (std::size_t i = 0; i < reports.size(); ++i)
      CHECK(reports[i].metrics.at("reward") == Approx(expected[i].metrics.at("reward")).epsilon(1e-3));
    const at::Tensor difference = (shop.parameters().values().cpu() - host.parameters().values()).abs();
    CHECK(difference.mean().item<double>() < 1e-5);
    CHECK(difference.max().item<double>() < 5e-3);
  }
}

TEST_CASE("bfloat16 parameters on devices follow a float master copy as on the CPU") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  const auto master_after = [](Communicator& learners, FlatParameters& parameters,
                               const ShardingConfig& sharding) {
    const auto pool = make_lane_pool(2);
    Trainer trainer(learners, parameters, {.learning_rate = 1e-4}, *pool, kDeviceLanes, 50, sharding);
    for (int step = 0; step < 20; ++step) trainer.step(pull_loss, 1);
    const at::Tensor shard = trainer.shard_of_values();
    CHECK(shard.scalar_type() == at::kFloat);
    at::Tensor master = at::empty({parameters.numel()}, shard.options());
    trainer.sharding().gather(learners, shard, master);
    CHECK(at::equal(master.to(at::kBFloat16), parameters.values()));
    return master.cpu();
  };
  LocalCommunicator alone;
  FlatParameters host = shop_parameters(c10::kCPU, at::kBFloat16);
  const at::Tensor expected = master_after(alone, host, {});
  const auto nccl = test::make_nccl(*world, *device);
  for (const int zero : {0, 1, 2}) {
    FlatParameters parameters = shop_parameters(*device, at::kBFloat16);
    const at::Tensor master = master_after(*nccl, parameters, device_sharding(zero, world->size()));
    // Sums of bfloat16 gradients in another order: AdamW moves by the learning rate at most where they
    // differ.
    CHECK((master - expected).abs().max().item<double>() < 2e-3);
  }
}

TEST_CASE("a step on devices calls the operations of its stage") {
  const auto world = MpiCommunicator::world();
  const auto device = test::device_of(*world);
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  if (world->size() == 1) return;
  const auto nccl = test::make_nccl(*world, *device);
  for (const int zero : {0, 1, 2}) {
    RecordingCommunicator recorded(*nccl);
    FlatParameters parameters = shop_parameters(*device);
    const ShardingConfig sharding = device_sharding(zero, world->size());
    take_steps(recorded, parameters, sharding, 1);
    const Sharding cut(parameters.numel(), world->size(), sharding.bucket);
    const auto buckets = static_cast<std::int64_t>(cut.buckets().size());
    const auto totals = recorded.totals();
    INFO("zero " << zero << "\n" << recorded.recent_text());
    CHECK(totals.contains("all_reduce sum") == (zero == 0));
    CHECK(totals.contains("reduce_scatter") == (zero > 0));
    const std::int64_t rounds = zero == 2 ? kDeviceLanes / world->size() : 1;
    CHECK(totals.at(zero == 0 ? "all_reduce sum" : "reduce_scatter").operations == buckets * rounds);
    if (zero > 0)
      CHECK(totals.at("all_gather").operations > buckets);  // the parameters, and figures of lanes
  }
}

}  // namespace pagewright
