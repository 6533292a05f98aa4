#include "distributed/pipeline/pipeline_checkpoint.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

#include "core/numerics/numeric_threads.hpp"
#include "distributed/local_communicator.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

ModelConfig checkpoint_model(int dim) {
  ModelConfig config;
  config.vocab_size = 20;
  config.dim = dim;
  config.layers = 1;
  config.heads = config.kv_heads = 2;
  config.ffn_dim = 24;
  config.layout_begin = 4;
  config.structure_size = 5;
  config.value_head = true;
  return config;
}

/// Another tensor of the layout: each parameter's elements are told apart, padding stays 0.
at::Tensor numbered_flat(const FlatParameters& layout, float first) {
  at::Tensor flat = at::zeros_like(layout.values());
  for (const FlatSlot& slot : layout.slots())
    for (std::int64_t i = 0; i < slot.numel; ++i) flat.data_ptr<float>()[slot.offset + i] = first++ / 7;
  return flat;
}

/// A trainer of one rank; its buckets are small, so that arrays lie across several.
struct OneLearner {
  explicit OneLearner(int dim) : parameters(checkpoint_model(dim)), pool(make_lane_pool(1)) {
    parameters.initialise(3);
  }
  LocalCommunicator alone;
  FlatParameters parameters;
  std::unique_ptr<LanePool> pool;
  Trainer trainer{alone, parameters, {}, *pool, 4, 10, {.bucket = 4096}};
};

TEST_CASE("a training state comes back from its checkpoint bit for bit") {
  OneLearner learner(12);
  const FlatParameters& layout = learner.parameters;
  PipelineState state;
  state.iteration = 17;
  state.kl_coefficient = 0.1 + 1e-17;
  state.stopped = true;
  state.optimizer_step = 136;
  state.policy_version = 137;
  state.shard = {layout.values().clone(), numbered_flat(layout, 1), numbered_flat(layout, 1000)};
  state.within_budget = numbered_flat(layout, -5000);
  const Checkpoint checkpoint = to_checkpoint(learner.trainer, state, {"one", "two"});
  CHECK(checkpoint.iteration == 17);
  CHECK(checkpoint.metrics == std::vector<std::string>{"one", "two"});
  CHECK(hash_checkpoint(checkpoint).parameters == layout.parameters_sha256());
  CHECK(hash_parts(learner.trainer, checkpoint) == hash_checkpoint(checkpoint));
  const PipelineState back = from_checkpoint(learner.trainer, checkpoint);
  CHECK(back.iteration == state.iteration);
  CHECK(back.kl_coefficient == state.kl_coefficient);
  CHECK(back.stopped);
  CHECK(back.optimizer_step == state.optimizer_step);
  CHECK(back.policy_version == state.policy_version);
  CHECK(at::equal(back.shard.values, state.shard.values));
  CHECK(at::equal(back.shard.first_moment, state.shard.first_moment));
  CHECK(at::equal(back.shard.second_moment, state.shard.second_moment));
  CHECK(at::equal(back.within_budget, state.within_budget));
}

TEST_CASE("a checkpoint of another model, or without a part, is an error that says what does not fit") {
  OneLearner learner(12);
  PipelineState state;
  const at::Tensor& values = learner.parameters.values();
  state.shard = {values, values, values};
  state.within_budget = values;
  const Checkpoint checkpoint = to_checkpoint(learner.trainer, state, {});
  OneLearner wider(16);
  CHECK(test::contains(test::error_text([&] { from_checkpoint(wider.trainer, checkpoint); }),
                       "do not fit the model"));
  Checkpoint partial = checkpoint;
  partial.arrays.erase("exp_avg_sq");
  CHECK(test::contains(test::error_text([&] { from_checkpoint(learner.trainer, partial); }), "exp_avg_sq"));
  partial = checkpoint;
  partial.numbers.erase("stopped");
  CHECK(test::contains(test::error_text([&] { from_checkpoint(learner.trainer, partial); }), "stopped"));
}

}  // namespace
}  // namespace pagewright
