#include "distributed/frozen_parameters.hpp"

#include <ATen/ops/equal.h>

#include "core/model/lora.hpp"
#include "distributed/flat_parameters.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

ModelConfig adapted_shop() {
  ModelConfig config = shop_test::shop_model(shop_test::shop_language());
  config.frozen_backbone = true;
  config.lora = {2, 4, {"q_proj", "down_proj"}};
  return config;
}

}  // namespace

TEST_CASE("frozen parameters are in views but not in the flat buffer, and are shared, not copied") {
  FlatParameters policy(adapted_shop());
  CHECK(test::contains(test::error_text([&] { policy.view(); }), "frozen parameters are not there"));
  policy.initialise(3);
  std::int64_t trained = 0;
  for (const ParameterSpec& spec : parameter_specs(policy.config())) {
    CHECK(policy.view().at(spec.name).sizes() == at::IntArrayRef(spec.shape));
    std::int64_t size = 1;
    for (const std::int64_t extent : spec.shape) size *= extent;
    if (spec.trained) trained += size;
  }
  std::int64_t in_slots = 0;
  for (const FlatSlot& slot : policy.slots()) in_slots += slot.numel;
  CHECK(in_slots == trained);
  CHECK(trained < parameter_count(policy.config()) / 2);

  FlatParameters reference(policy.config().without_adapters(), at::kFloat, c10::kCPU, policy.frozen());
  reference.load_shared(policy.view());
  const auto* of_policy = policy.view().at("model.layers.0.mlp.down_proj.weight").const_data_ptr<float>();
  const auto* of_reference =
      reference.view().at("model.layers.0.mlp.down_proj.weight").const_data_ptr<float>();
  CHECK(of_policy == of_reference);
  CHECK(policy.view().at("value_head.weight").const_data_ptr<float>() !=
        reference.view().at("value_head.weight").const_data_ptr<float>());
}

TEST_CASE("fresh adapters start as PEFT's: A uniform within one over the root of its width, B zero") {
  FlatParameters policy(adapted_shop());
  policy.initialise(3);
  const at::Tensor a = policy.view().at("model.layers.0.mlp.down_proj.lora_A.weight");
  const double bound = 1 / std::sqrt(static_cast<double>(a.size(1)));
  CHECK(a.abs().max().item<double>() <= bound);
  CHECK(a.abs().max().item<double>() > 0.9 * bound);
  CHECK(std::abs(a.mean().item<double>()) < 0.2 * bound);
  CHECK(policy.view().at("model.layers.0.mlp.down_proj.lora_B.weight").abs().max().item<double>() == 0);
}

TEST_CASE("the hash of parameters tells another base, and frozen weights of another shape are named") {
  FlatParameters one(adapted_shop()), other(adapted_shop());
  one.initialise(3);
  other.initialise(4);
  FlatParameters mixed(adapted_shop(), at::kFloat, c10::kCPU, other.frozen());
  mixed.initialise(3);
  CHECK(at::equal(mixed.values(), one.values()));
  CHECK(mixed.frozen()->sha256() != one.frozen()->sha256());
  CHECK(mixed.parameters_sha256() != one.parameters_sha256());
  CHECK(one.frozen()->sha256() == [] {
    FlatParameters again(adapted_shop());
    again.initialise(3);
    return again.frozen()->sha256();
  }());
  ModelConfig wider = adapted_shop();
  wider.ffn_dim *= 2;
  CHECK(test::contains(test::error_text([&] { FlatParameters(wider, at::kFloat, c10::kCPU, one.frozen()); }),
                       "model.layers.0.mlp.down_proj.weight has shape [16, 32], not [16, 64]"));
}

TEST_CASE("parameters on a frozen backbone load by name, with or without the frozen ones") {
  FlatParameters start(adapted_shop());
  start.initialise(3);
  FlatParameters all(adapted_shop());
  all.load(start.view().tensors());
  CHECK(all.parameters_sha256() == start.parameters_sha256());
  WeightsView::Tensors trained;
  for (const FlatSlot& slot : start.slots()) trained.emplace(slot.spec.name, start.view().at(slot.spec.name));
  FlatParameters part(adapted_shop(), at::kFloat, c10::kCPU, start.frozen());
  part.load(trained);
  CHECK(part.parameters_sha256() == start.parameters_sha256());
  FlatParameters without(adapted_shop());
  CHECK(test::contains(test::error_text([&] { without.load(trained); }),
                       "model.embed_tokens.weight is missing"));
}

}  // namespace pagewright
