#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include "core/config/config_file.hpp"
#include "core/model/layout_head.hpp"
#include "core/model/transformer.hpp"
#include "distributed/precision_config.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

using shop_test::ShopRun;

LocalCommunicator& one_learner() {
  static LocalCommunicator learner;
  return learner;
}

ShardingConfig kept_in(at::ScalarType gradients, at::ScalarType reduction, int zero = 1) {
  ShardingConfig sharding;
  sharding.zero = zero;
  sharding.gradients = gradients;
  sharding.reduction = reduction;
  return sharding;
}

/// Through all parts of a language model.
LossFunction everything_loss(bool tied_rows) {
  return [tied_rows](const WeightsView& weights, int lane, int, LaneSums&) {
    Segment segment;
    const std::int64_t vocabulary = weights.config().vocab_size;
    for (int i = 0; i < 5; ++i)
      segment.tokens.push(static_cast<TokenId>((7 * lane + 3 * i + (tied_rows ? 1 : 0)) % vocabulary));
    const at::Tensor hidden = hidden_states(weights, Batch{{segment}});
    TargetRows targets;
    targets.row = {3, 4};
    targets.target = {0, 1};
    targets.allowed = {0, 1, 2, 0, 1};
    targets.allowed_offsets = {0, 3, 5};
    targets.prompt = {0, 0};
    targets.candidate_row = {1, 2};
    targets.candidate_offsets = {0, 2};
    const std::vector<std::int64_t> rows{1, 4};
    return -layout_log_probs(weights, hidden, targets).log_prob.sum() +
           scalar_head(weights, "value", hidden, rows).sum() + (hidden * hidden).sum() * 0.1;
  };
}

struct Learner {
  FlatParameters parameters;
  std::unique_ptr<LanePool> pool = make_lane_pool(2);
  Trainer trainer;
  Learner(FlatParameters start, const ShardingConfig& sharding)
      : parameters(std::move(start)),
        trainer(one_learner(), parameters, {.learning_rate = 1e-3}, *pool, 4, 10, sharding) {}
};

FlatParameters narrow_start(bool tied) {
  ModelConfig config = shop_test::shop_model(shop_test::shop_language());
  config.tied = tied;
  config.qk_norm = true;
  config.qkv_bias = true;
  FlatParameters parameters(config, at::kBFloat16);
  parameters.initialise(3);
  return parameters;
}

}  // namespace

TEST_CASE("gradients of bfloat16 parameters are not rounded: the first step has the bits of float32") {
  for (const bool tied : {false, true})
    for (const int zero : {1, 2}) {
      FlatParameters wide(narrow_start(tied).config());
      wide.load(narrow_start(tied).view().tensors());
      Learner narrow(narrow_start(tied), kept_in(at::kFloat, at::kFloat, zero));
      Learner reference(std::move(wide), kept_in(at::kFloat, at::kFloat, zero));
      const StepReport of_narrow = narrow.trainer.step(everything_loss(tied), 1),
                       of_wide = reference.trainer.step(everything_loss(tied), 1);
      CHECK(of_narrow.grad_norm == of_wide.grad_norm);
      CHECK(of_narrow.grad_norm > 0);
      CHECK(at::equal(narrow.trainer.shard_of_values(), reference.trainer.shard_of_values()));
      CHECK(at::equal(narrow.trainer.shard().second_moment, reference.trainer.shard().second_moment));
    }
}

TEST_CASE("narrower gradients and sums are close, and differ from each other") {
  const auto norm = [](at::ScalarType gradients, at::ScalarType reduction, int zero) {
    Learner learner(narrow_start(false), kept_in(gradients, reduction, zero));
    return learner.trainer.step(everything_loss(false), 1).grad_norm;
  };
  const double exact = norm(at::kFloat, at::kFloat, 1);
  for (const auto& [gradients, reduction] :
       {std::pair{at::kBFloat16, at::kBFloat16}, std::pair{at::kBFloat16, at::kFloat},
        std::pair{at::kFloat, at::kBFloat16}}) {
    const double rounded = norm(gradients, reduction, 1);
    CHECK(rounded != exact);
    CHECK(rounded == Approx(exact).epsilon(0.01));
    CHECK(norm(gradients, reduction, 2) == rounded);
  }
}

TEST_CASE("with bfloat16 parameters generation and learning agree bit for bit") {
  PpoConfig config = shop_test::shop_config();
  config.narrow = true;
  shop_test::ShopNetworks networks;
  networks.type = at::kBFloat16;
  networks.separate_critic = true;
  for (const std::int64_t rank : {0, 2}) {
    networks.lora.rank = rank;
    ShopRun shop(config, 2, one_learner(), kept_in(at::kFloat, at::kFloat), 3e-3, 1, networks);
    const auto reports = shop.run();
    for (const IterationReport& report : reports) {
      CHECK(report.metrics.at("behaviour_ratio_deviation") == 0);
      CHECK(report.metrics.at("behaviour_drift") == 0);
      if (report.learnt) CHECK(report.metrics.at("first_ratio_deviation") == 0);
    }
    CHECK(shop.parameters().values().scalar_type() == at::kBFloat16);
  }
}

TEST_CASE("types of numbers are read by name") {
  ConfigFile file = parse_config("{parameters: bfloat16, reduction: bfloat16}", "precision.yaml");
  const PrecisionConfig config = PrecisionConfig::from(file.root());
  file.finish();
  CHECK(config.parameters == at::kBFloat16);
  CHECK(config.gradients == at::kFloat);
  CHECK(config.reduction == at::kBFloat16);
  CHECK(config.narrow());
  CHECK_FALSE(PrecisionConfig{}.narrow());
}

}  // namespace pagewright
