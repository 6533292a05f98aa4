// One rank equals n ranks: the same small shop on this job's ranks and on one rank by itself.
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include "core/base/error.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/agreement.hpp"
#include "distributed/mpi/mpi_communicator.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "distributed/recording_communicator.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/temporary_folder.hpp"

namespace pagewright {
namespace {

using shop_test::ShopRun;

constexpr int kTestLanes = 8;

PpoConfig eight_lane_shop() {
  PpoConfig config = shop_test::shop_config();
  config.lanes = kTestLanes;
  return config;
}

bool can_learn(const Communicator& world) {
  return std::has_single_bit(static_cast<unsigned>(world.size())) && world.size() <= kTestLanes;
}

constexpr int kShopLayers = 3;

/// A model of three layers, several blocks each, with a loss on random tokens of the lane.
struct LayeredModel {
  ModelConfig config = make_config();

  static ModelConfig make_config() {
    ModelConfig config;
    config.vocab_size = 200;
    config.dim = 64;
    config.layers = kShopLayers;
    config.heads = config.kv_heads = 2;
    config.ffn_dim = 160;
    config.max_positions = 32;
    config.layout_begin = 4;
    config.structure_size = 5;
    return config;
  }

  at::Tensor loss(const WeightsView& weights, int lane, int micro_batch) const {
    Segment segment;
    for (int position = 0; position < 6; ++position)
      segment.tokens.push(static_cast<TokenId>((37 * lane + 11 * micro_batch + 5 * position) % 200));
    const Batch batch{{segment}};
    const at::Tensor hidden = hidden_states(weights, batch).reshape({-1});
    const std::vector<double> ones(static_cast<std::size_t>(hidden.numel()), 1e-2);
    return weighted_sum(hidden * hidden * hidden, ones);
  }

  /// After three steps of two micro-batches, in which some lanes have no loss.
  std::string digest(Communicator& learners, const ShardingConfig& sharding, int threads) const {
    FlatParameters parameters(config);
    parameters.initialise(3);
    const auto pool = make_lane_pool(threads);
    Trainer trainer(learners, parameters, {}, *pool, kTestLanes, 10, sharding);
    const auto some = [this](const WeightsView& weights, int lane, int micro_batch, LaneSums&) -> at::Tensor {
      if ((lane + micro_batch) % 3 == 0) return {};
      return loss(weights, lane, micro_batch);
    };
    for (int step = 0; step < 3; ++step) trainer.step(some, 2);
    trainer.gather_parameters();
    return parameters.parameters_sha256();
  }
};

double total_sent(const RecordingCommunicator& recorded) {
  double sent = 0;
  for (const auto& [operation, total] : recorded.totals()) sent += static_cast<double>(total.bytes);
  return sent;
}

CheckpointHashes hashes_of(ShopRun& shop) {
  return hash_parts(shop.trainers(), to_checkpoint(shop.trainers(), shop.pipeline().state(), {}));
}

/// Buckets smaller than the model, so that there are several.
ShardingConfig small_buckets(int zero) {
  return {.zero = zero, .determinism = Determinism::exact, .bucket = 4096};
}

/// Pulls some matrices towards data of the lane; lane `odd` has other data than usual.
LossFunction lane_loss(int odd) {
  return [odd](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
    sums["lanes"] += 1;
    at::Tensor loss;
    for (const auto& [name, tensor] : weights.tensors()) {
      const at::Tensor error =
          (tensor.to(at::kFloat) - 0.01 * (lane + 3 * micro_batch) - (lane == odd ? 1 : 0)).reshape({-1});
      const std::vector<double> ones(static_cast<std::size_t>(error.numel()), 1e-3);
      const at::Tensor term = weighted_sum(error * error, ones);
      loss = loss.defined() ? loss + term : term;
    }
    return loss;
  };
}

std::string digest_of_steps(Communicator& learners, const ShardingConfig& sharding, int odd) {
  const PageLanguage language = shop_test::shop_language();
  FlatParameters parameters(shop_test::shop_model(language));
  parameters.initialise(3);
  const auto pool = make_lane_pool(2);
  Trainer trainer(learners, parameters, {}, *pool, kTestLanes, 10, sharding);
  for (int step = 0; step < 3; ++step) CHECK(trainer.step(lane_loss(odd), 2).sums.at("lanes") == 16);
  return parameters.parameters_sha256();
}

}  // namespace

TEST_CASE("training on n ranks gives the bits and metrics of one rank, for every sharding stage") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  ShopRun alone(eight_lane_shop(), 1);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  for (const int zero : {0, 1, 2})
    for (const int threads : {1, 2}) {
      ShopRun shop(eight_lane_shop(), threads, *world, small_buckets(zero));
      REQUIRE(shop.trainer().sharding().buckets().size() > 1);
      const auto reports = shop.run();
      REQUIRE(reports.size() == expected.size());
      for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
      CHECK(hashes_of(shop) == hashes);
      CHECK(shop.parameters().parameters_sha256() == hashes.parameters);
    }
}

TEST_CASE("multipliers of constraints are the same on any number of ranks, and go on on another") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  PpoConfig config = eight_lane_shop();
  config.constraints = {{"brand_a", true, 0.2, 3, 0.1, 5}};
  ShopRun alone(config, 1);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  ShopRun first(config, 1, *world, small_buckets(1));
  const auto begun = first.run(1);
  CHECK(begun[0].metrics == expected[0].metrics);
  // What one rank saved after an iteration, n ranks go on with.
  ShopRun start(config, 1);
  start.run(1);
  const Checkpoint saved = to_checkpoint(start.trainers(), start.pipeline().state(), {});
  CHECK(saved.numbers.at("multiplier.brand_a") == first.pipeline().state().multipliers.at("brand_a"));
  ShopRun rest(config, 1, *world, small_buckets(1));
  rest.pipeline().restore(from_checkpoint(rest.trainers(), saved));
  const auto reports = rest.run();
  for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i + 1].metrics);
  CHECK(hashes_of(rest) == hashes);
}

TEST_CASE("running scales of the reward streams are the same on any number of ranks") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  PpoConfig config = eight_lane_shop();
  config.stream_scale = StreamScale::running;
  config.page_share = 0.25;
  config.credit = CreditPlacement::per_section;
  ShopRun alone(config, 1);
  const auto expected = alone.run();
  ShopRun shop(config, 1, *world, small_buckets(1));
  const auto reports = shop.run();
  REQUIRE(reports.size() == expected.size());
  for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
  CHECK(expected[1].metrics.at("page_reward_scale") != 1);
  CHECK(hashes_of(shop) == hashes_of(alone));
}

TEST_CASE("parameters that are shared out, too, give the bits of one rank, as do checkpointed activations") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  LocalCommunicator single;
  ShopRun alone(eight_lane_shop(), 1, single, {}, 3e-3, kShopLayers);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  ShardingConfig recomputed = small_buckets(1);
  recomputed.checkpoint_activations = true;
  for (const ShardingConfig& sharding : {small_buckets(3), ShardingConfig{.zero = 3}, recomputed})
    for (const int threads : {1, 2}) {
      ShopRun shop(eight_lane_shop(), threads, *world, sharding, 3e-3, kShopLayers);
      const auto reports = shop.run();
      REQUIRE(reports.size() == expected.size());
      for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
      CHECK(hashes_of(shop) == hashes);
      CHECK(shop.parameters().parameters_sha256() == hashes.parameters);
    }
  ShardingConfig fast = small_buckets(3);
  fast.determinism = Determinism::fast;
  ShopRun shop(eight_lane_shop(), 1, *world, fast, 3e-3, kShopLayers);
  shop.run();
  const at::Tensor difference = (shop.parameters().values() - alone.parameters().values()).abs();
  CHECK(difference.max().item<double>() < 1e-4);
}

TEST_CASE("micro-batches bounded by positions give the bits of one rank where lanes have unequally many") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  PpoConfig config = eight_lane_shop();
  config.requests = 32;
  config.mini_batches = 1;
  config.iterations = 2;
  config.micro_batch_tokens = 48;  // two requests of 23 to 25 positions, or one
  ShopRun alone(config, 1);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  CHECK(std::fmod(expected[0].metrics.at("micro_batches"), kTestLanes) != 0);
  CHECK(expected[0].metrics.at("largest_micro_batch") <= 48);
  for (const int zero : {0, 1, 2, 3}) {
    ShopRun shop(config, zero == 3 ? 2 : 1, *world, small_buckets(zero));
    const auto reports = shop.run();
    REQUIRE(reports.size() == expected.size());
    for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
    CHECK(hashes_of(shop) == hashes);
  }
}

TEST_CASE("with shared parameters micro-batches add up, lanes may have nothing, and an error does not hang") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  const LayeredModel model;
  LocalCommunicator single;
  const std::string expected = model.digest(single, {.zero = 1}, 1);
  for (const int threads : {1, 2}) CHECK(model.digest(*world, small_buckets(3), threads) == expected);

  FlatParameters parameters(model.config);
  parameters.initialise(3);
  const auto pool = make_lane_pool(2);
  Trainer trainer(*world, parameters, {}, *pool, kTestLanes, 10, small_buckets(3));
  const LossFunction broken = [&](const WeightsView& weights, int lane, int, LaneSums&) {
    require(lane < kTestLanes / 2, "lane {} is broken", lane);
    return model.loss(weights, lane, 0);
  };
  // Every rank has such a lane in its last rounds, so that all fail together.
  if (world->size() < kTestLanes)
    CHECK(test::contains(test::error_text([&] { trainer.step(broken, 1); }), "is broken"));
}

TEST_CASE("shared parameters move the bytes and take the memory that the table says") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world) || world->size() == 1) return;
  const double n = world->size(), lanes = kTestLanes;
  const LayeredModel model;
  for (const int threads : {1, 2}) {
    RecordingCommunicator recorded(*world);
    FlatParameters parameters(model.config);
    const auto pool = make_lane_pool(threads);
    Trainer trainer(recorded, parameters, {}, *pool, kTestLanes, 10, {.zero = 3});
    const double before = total_sent(recorded);
    const auto loss = [&](const WeightsView& weights, int lane, int, LaneSums&) {
      return model.loss(weights, lane, 0);
    };
    trainer.step(loss, 1);
    at::Tensor sum = at::full({1}, total_sent(recorded) - before, at::kDouble);
    world->all_reduce(sum, ReduceOp::sum)->wait();
    double root = 0, layer = 0;
    for (const FlatSlot& slot : parameters.slots()) {
      if (!layer_of(slot)) root += static_cast<double>(slot.numel);
      if (layer_of(slot) == 0) layer += static_cast<double>(slot.numel);
    }
    const double all = static_cast<double>(parameters.numel()), width = std::min<double>(threads, lanes / n),
                 groups = lanes / n / width;
    const double formula = 4 * (n - 1) / n * (all * lanes / n + root + groups * (2 * all - 2 * root - layer));
    // Layers share the blocks at their borders, which travel with both.
    const double blocks = 4.0 * 4096 * 4 * (2 * kShopLayers * groups + 1);
    CHECK(sum.item<double>() / n >= formula * (1 - 1e-2) - blocks);
    CHECK(sum.item<double>() / n <= formula + blocks + 4096);

    CHECK_FALSE(parameters.whole());
    CHECK(test::contains(test::error_text([&] { parameters.view(); }), "shared out"));
    // A rank has at most a block more than its share of a bucket; gathered layers come with the blocks at
    // their borders.
    const double rounding = 4.0 * 4096 * static_cast<double>(trainer.sharding().buckets().size());
    CHECK(static_cast<double>(trainer.parameter_bytes()) <=
          4 * (all / n + root + 2 * layer) + rounding + 4.0 * 4096 * 8);
    CHECK(static_cast<double>(trainer.optimizer_bytes()) <= 8 * all / n + 2 * rounding);
    trainer.gather_parameters();
    CHECK(parameters.whole());
    CHECK(recorded.totals().contains("all_gather"));
  }
}

TEST_CASE("adapters on a frozen backbone learn the same on any number of ranks and in every stage") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  LayeredModel model;
  model.config.frozen_backbone = true;
  model.config.lora = {3, 6, {"q_proj", "v_proj", "up_proj", "down_proj"}};
  model.config.layout_begin = 150;
  LocalCommunicator single;
  const std::string expected = model.digest(single, {}, 1);
  for (const int zero : {0, 1, 2, 3}) {
    INFO("zero " << zero);
    CHECK(model.digest(*world, small_buckets(zero), 2) == expected);
  }
  // The backbone does not travel: less is sent than by a model that trains all of it.
  if (world->size() == 1) return;
  LayeredModel whole;
  RecordingCommunicator few(*world), many(*world);
  model.digest(few, small_buckets(1), 1);
  whole.digest(many, small_buckets(1), 1);
  CHECK(total_sent(few) < total_sent(many) / 2);
}

TEST_CASE("a separate critic and adapters give the bits of one rank, and go on on another number of ranks") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  PpoConfig config = eight_lane_shop();
  config.critic_warmup = 2;
  shop_test::ShopNetworks networks;
  networks.separate_critic = true;
  networks.lora.rank = 2;
  LocalCommunicator single;
  const auto shop_on = [&](Communicator& learners, int zero) {
    return ShopRun(config, 1, learners, small_buckets(zero), 3e-3, 2, networks);
  };
  ShopRun alone = shop_on(single, 1);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  for (const int zero : {0, 2, 3}) {
    ShopRun shop = shop_on(*world, zero);
    const auto reports = shop.run();
    REQUIRE(reports.size() == expected.size());
    for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
    CHECK(hashes_of(shop) == hashes);
  }
  ShopRun first = shop_on(*world, 1);
  first.run(1);
  std::optional<test::TemporaryFolder> folder;
  if (world->rank() == 0) folder.emplace();
  const CheckpointStore store(broadcast_text(*world, folder ? folder->path().string() : "", 0),
                              {"configuration", "language", "fingerprint"}, 2);
  save_checkpoint(first.trainers(), store, to_checkpoint(first.trainers(), first.pipeline().state(), {}));
  ShopRun second = shop_on(single, 1);
  const auto saved = load_checkpoint(single, store);
  REQUIRE(saved.has_value());
  second.pipeline().restore(from_checkpoint(second.trainers(), *saved));
  second.run();
  CHECK(hashes_of(second) == hashes);
  world->barrier();
}

TEST_CASE("narrow parameters learn by a float master copy, the same for every stage and number of ranks") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  const ModelConfig model = shop_test::shop_model(shop_test::shop_language());
  const auto values_after = [&](Communicator& learners, at::ScalarType type, const ShardingConfig& sharding) {
    FlatParameters parameters(model, type);
    parameters.initialise(3);
    const auto pool = make_lane_pool(2);
    Trainer trainer(learners, parameters, {.learning_rate = 1e-5}, *pool, kTestLanes, 50, sharding);
    for (int step = 0; step < 20; ++step) trainer.step(lane_loss(-1), 1);
    CHECK(parameters.values().scalar_type() == type);
    CHECK(trainer.shard_of_values().scalar_type() == at::kFloat);
    at::Tensor master = at::empty({parameters.numel()}, at::kFloat);
    trainer.sharding().gather(learners, trainer.shard_of_values(), master);
    CHECK(at::equal(master.to(type), parameters.values()));
    return master;
  };
  LocalCommunicator single;
  const at::Tensor expected = values_after(single, at::kBFloat16, {.zero = 1});
  for (const int zero : {0, 1, 2})
    CHECK(at::equal(values_after(*world, at::kBFloat16, small_buckets(zero)), expected));
  // Steps of 1e-5 are below what bfloat16 can tell apart, but not lost.
  const at::Tensor wide = values_after(single, at::kFloat, {.zero = 1});
  FlatParameters start(model, at::kBFloat16);
  start.initialise(3);
  const auto moved = [&](const at::Tensor& values) { return (values - start.values().to(at::kFloat)).abs(); };
  CHECK(moved(expected).max().item<double>() > 1e-4);
  CHECK((expected - wide).abs().max().item<double>() < 4e-3);  // that of rounding the start
}

TEST_CASE("training on stale pages gives the bits of one rank, and goes on on another number of ranks") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  PpoConfig config = eight_lane_shop();
  config.iterations = 4;
  config.max_staleness = 2;
  ShopRun alone(config, 1);
  const auto expected = alone.run();
  const CheckpointHashes hashes = hashes_of(alone);
  for (const int zero : {1, 2}) {
    ShopRun shop(config, 1, *world, small_buckets(zero));
    const auto reports = shop.run();
    REQUIRE(reports.size() == expected.size());
    for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i].metrics);
    CHECK(hashes_of(shop) == hashes);
  }
  std::optional<test::TemporaryFolder> folder;
  if (world->rank() == 0) folder.emplace();
  const CheckpointStore store(broadcast_text(*world, folder ? folder->path().string() : "", 0),
                              {"configuration", "language", "fingerprint"}, 2);
  ShopRun first(config, 1, *world, small_buckets(2));
  first.run(1);
  save_checkpoint(first.trainer(), store, to_checkpoint(first.trainer(), first.pipeline().state(), {}));
  LocalCommunicator single;
  ShopRun second(config, 1, single, {});
  const auto saved = load_checkpoint(single, store);
  REQUIRE(saved.has_value());
  CHECK(saved->blobs.size() == 2 * kTestLanes);
  second.pipeline().restore(from_checkpoint(second.trainer(), *saved));
  second.run();
  CHECK(hashes_of(second) == hashes);
  world->barrier();
}

TEST_CASE("another order of adding gives nearly the same parameters") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  ShopRun alone(eight_lane_shop(), 1);
  alone.run();
  for (const int zero : {0, 1, 2}) {
    ShardingConfig sharding = small_buckets(zero);
    sharding.determinism = Determinism::fast;
    ShopRun shop(eight_lane_shop(), 1, *world, sharding);
    shop.run();
    const at::Tensor difference = (shop.parameters().values() - alone.parameters().values()).abs();
    CHECK(difference.max().item<double>() < 1e-4);
  }
}

TEST_CASE("each stage and order of adding uses the operations that the documentation says") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world) || world->size() == 1) return;
  for (const int zero : {0, 1, 2})
    for (const Determinism determinism : {Determinism::exact, Determinism::fast}) {
      ShardingConfig sharding = small_buckets(zero);
      sharding.determinism = determinism;
      RecordingCommunicator recorded(*world);
      FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()));
      const auto pool = make_lane_pool(1);
      Trainer trainer(recorded, parameters, {}, *pool, kTestLanes, 10, sharding);
      trainer.step(lane_loss(-1), 1);
      const auto totals = recorded.totals();
      const bool exact = determinism == Determinism::exact;
      CHECK(totals.contains("all_to_all") == exact);
      CHECK(totals.contains("all_reduce sum") == (!exact && zero == 0));
      CHECK(totals.contains("reduce_scatter") == (!exact && zero > 0));
      const auto buckets = static_cast<std::int64_t>(trainer.sharding().buckets().size());
      const std::int64_t rounds = zero == 2 ? kTestLanes / world->size() : 1;
      const std::string sum = exact ? "all_to_all" : zero == 0 ? "all_reduce sum" : "reduce_scatter";
      CHECK(totals.at(sum).operations == buckets * rounds);
    }
}

TEST_CASE("micro-batches cost no communication in stages 0 and 1") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  for (const int zero : {0, 1}) {
    std::vector<double> sent;
    for (const int micro_batches : {1, 4}) {
      RecordingCommunicator recorded(*world);
      FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()));
      const auto pool = make_lane_pool(1);
      Trainer trainer(recorded, parameters, {}, *pool, kTestLanes, 10, small_buckets(zero));
      trainer.step(lane_loss(-1), micro_batches);
      sent.push_back(total_sent(recorded));
    }
    CHECK(sent[0] == sent[1]);
  }
}

TEST_CASE("what one lane's data says reaches every rank") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  for (const int zero : {0, 1, 2}) {
    const std::string usual = digest_of_steps(*world, small_buckets(zero), -1);
    LocalCommunicator alone;
    CHECK(usual == digest_of_steps(alone, small_buckets(zero), -1));
    const std::string altered = digest_of_steps(*world, small_buckets(zero), 5);
    CHECK(usual != altered);
    for (const std::string& digest : all_gather_bytes(*world, altered)) CHECK(digest == altered);
  }
}

TEST_CASE("every rank differentiates its own lanes and no others") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  for (const int zero : {1, 2}) {
    FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()));
    const auto pool = make_lane_pool(2);
    Trainer trainer(*world, parameters, {}, *pool, kTestLanes, 10, small_buckets(zero));
    std::vector<int> counts(kTestLanes, 0);  // a lane is differentiated by one thread
    const LossFunction loss = lane_loss(-1);
    trainer.step(
        [&](const WeightsView& weights, int lane, int micro_batch, LaneSums& sums) {
          ++counts[static_cast<std::size_t>(lane)];
          return loss(weights, lane, micro_batch, sums);
        },
        1);
    for (int lane = 0; lane < kTestLanes; ++lane) {
      const bool own = zero == 2 ? lane % world->size() == world->rank()
                                 : lane / (kTestLanes / world->size()) == world->rank();
      CHECK(counts[static_cast<std::size_t>(lane)] == (own ? 1 : 0));
    }
  }
}

TEST_CASE("a step moves the bytes and holds the memory that the table says") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  const double n = world->size(), lanes = kTestLanes;
  const int threads = 2;
  for (const int zero : {0, 1, 2}) {
    RecordingCommunicator recorded(*world);
    FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()));
    const auto pool = make_lane_pool(threads);
    // One bucket whose parts are equal: the formulas hold for the average rank.
    Trainer trainer(recorded, parameters, {}, *pool, kTestLanes, 10, {.zero = zero});
    trainer.step(lane_loss(-1), 1);
    double sent = 0;
    for (const auto& [operation, total] : recorded.totals()) sent += static_cast<double>(total.bytes);
    at::Tensor sum = at::full({1}, sent, at::kDouble);
    world->all_reduce(sum, ReduceOp::sum)->wait();
    const double bytes = static_cast<double>(parameters.values().nbytes());
    const double formula = bytes * (n - 1) / n * (zero < 2 ? 2 : 1 + lanes / n);
    // Sums of lanes and blocks of the norm come on top.
    CHECK(sum.item<double>() / n >= formula * (1 - 1e-9));
    CHECK(sum.item<double>() / n <= formula + 4096);

    const double shard = bytes / n, block = 4.0 * 4096;
    CHECK(std::abs(static_cast<double>(trainer.optimizer_bytes()) - 2 * (zero == 0 ? bytes : shard)) <=
          2 * block);
    const double rounds = lanes / n, workers = std::min<double>(threads, rounds);
    const double gradients = zero < 2 ? bytes * (threads + std::log2(rounds)) + (n > 1 ? shard : 0)
                                      : bytes * workers + shard * (1 + std::log2(rounds));
    CHECK(static_cast<double>(trainer.gradient_bytes()) <= gradients + 4 * block);
  }
}

TEST_CASE("gradients that are narrower than their sums take a buffer for each lane at work") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  FlatParameters parameters(shop_test::shop_model(shop_test::shop_language()));
  const auto pool = make_lane_pool(1);  // with more threads the tree's buffers depend on who comes first
  const auto held = [&](at::ScalarType gradients) {
    Trainer trainer(*world, parameters, {}, *pool, kTestLanes, 10,
                    {.zero = 1, .gradients = gradients, .reduction = at::kFloat});
    trainer.step(lane_loss(-1), 1);
    return static_cast<std::int64_t>(trainer.gradient_bytes());
  };
  CHECK(held(at::kBFloat16) == held(at::kFloat) + 2 * parameters.numel());
}

TEST_CASE("a checkpoint of n ranks goes on on one rank and on n, and one of one rank on n") {
  const auto world = MpiCommunicator::world();
  if (!can_learn(*world)) return;
  ShopRun whole(eight_lane_shop(), 1);
  whole.run();
  const CheckpointHashes expected = hashes_of(whole);

  std::optional<test::TemporaryFolder> folder;
  if (world->rank() == 0) folder.emplace();
  const std::filesystem::path path = broadcast_text(*world, folder ? folder->path().string() : "", 0);
  const RunIdentity identity{"configuration", "language", "fingerprint"};
  const CheckpointStore of_many(path / "many", identity, 2), of_one(path / "one", identity, 2);
  LocalCommunicator alone;
  {
    ShopRun first(eight_lane_shop(), 1, *world, small_buckets(2));
    first.run(1);
    save_checkpoint(first.trainer(), of_many, to_checkpoint(first.trainer(), first.pipeline().state(), {}));
    ShopRun single(eight_lane_shop(), 2);
    single.run(2);
    if (world->rank() == 0)
      save_checkpoint(single.trainer(), of_one,
                      to_checkpoint(single.trainer(), single.pipeline().state(), {}));
    world->barrier();
  }
  const auto finish = [&](Communicator& learners, const CheckpointStore& store, int zero) {
    ShopRun shop(eight_lane_shop(), 1, learners, small_buckets(zero));
    const auto saved = load_checkpoint(learners, store);
    REQUIRE(saved.has_value());
    shop.pipeline().restore(from_checkpoint(shop.trainer(), *saved));
    shop.run();
    CHECK(hashes_of(shop) == expected);
  };
  finish(alone, of_many, 1);
  finish(*world, of_many, 0);
  finish(*world, of_one, 1);
  finish(*world, of_one, 2);
  world->barrier();
}

TEST_CASE("an error on one rank comes out of all, and names the rank") {
  const auto world = MpiCommunicator::world();
  if (world->size() == 1) return;
  CHECK_THROWS_WITH(on_all_ranks(*world, [&] { require(world->rank() != 1, "the disk is full"); }),
                    "rank 1: the disk is full");
  CHECK_THROWS_WITH(on_all_ranks(*world, [&] { fail("no such file"); }), "no such file");
  CHECK_THROWS_WITH(on_first_rank(*world, [&] { fail("no such folder"); }), "no such folder");
  on_all_ranks(*world, [] {});
  CHECK_THROWS_WITH(require_equal_on_all_ranks(*world, world->rank() == 1 ? "b" : "a",
                                               "another configuration", "start all ranks with the same file"),
                    "rank 1 has another configuration than rank 0; start all ranks with the same file");
  CHECK(broadcast_text(*world, std::to_string(world->rank()), world->size() - 1) ==
        std::to_string(world->size() - 1));
}

TEST_CASE("a number of learners that is no power of two is refused") {
  const auto world = MpiCommunicator::world();
  if (can_learn(*world)) return;
  CHECK_THROWS_AS(LearnerLanes(*world, kTestLanes), Error);
}

}  // namespace pagewright
