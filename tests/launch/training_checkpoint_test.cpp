#include "launch/training_checkpoint.hpp"

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros_like.h>

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

TEST_CASE("a training state comes back from its checkpoint bit for bit") {
  FlatParameters layout(checkpoint_model(12));
  layout.initialise(3);
  PipelineState state;
  state.iteration = 17;
  state.kl_coefficient = 0.1 + 1e-17;
  state.stopped = true;
  state.optimizer_step = 136;
  state.policy_version = 137;
  state.values = layout.values().clone();
  state.first_moment = numbered_flat(layout, 1);
  state.second_moment = numbered_flat(layout, 1000);
  state.within_budget = numbered_flat(layout, -5000);
  const Checkpoint checkpoint = to_checkpoint(layout, state, {"one", "two"});
  CHECK(checkpoint.iteration == 17);
  CHECK(checkpoint.metrics == std::vector<std::string>{"one", "two"});
  CHECK(parameters_sha256(checkpoint) == layout.parameters_sha256());
  const PipelineState back = from_checkpoint(layout, checkpoint);
  CHECK(back.iteration == state.iteration);
  CHECK(back.kl_coefficient == state.kl_coefficient);
  CHECK(back.stopped);
  CHECK(back.optimizer_step == state.optimizer_step);
  CHECK(back.policy_version == state.policy_version);
  CHECK(at::equal(back.values, state.values));
  CHECK(at::equal(back.first_moment, state.first_moment));
  CHECK(at::equal(back.second_moment, state.second_moment));
  CHECK(at::equal(back.within_budget, state.within_budget));
}

TEST_CASE("a checkpoint of another model, or without a part, is an error that says what does not fit") {
  FlatParameters layout(checkpoint_model(12));
  layout.initialise(3);
  PipelineState state;
  state.values = state.first_moment = state.second_moment = state.within_budget = layout.values();
  const Checkpoint checkpoint = to_checkpoint(layout, state, {});
  const FlatParameters wider(checkpoint_model(16));
  CHECK(
      test::contains(test::error_text([&] { from_checkpoint(wider, checkpoint); }), "do not fit the model"));
  Checkpoint partial = checkpoint;
  partial.arrays.erase("exp_avg_sq");
  CHECK(test::contains(test::error_text([&] { from_checkpoint(layout, partial); }), "exp_avg_sq"));
  partial = checkpoint;
  partial.numbers.erase("stopped");
  CHECK(test::contains(test::error_text([&] { from_checkpoint(layout, partial); }), "stopped"));
}

}  // namespace
}  // namespace pagewright
