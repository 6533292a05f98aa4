// The model on a CUDA device against own kernels on the CPU, for every function that a loss or a page is made
// of.
#include "core/model/allowed_softmax.hpp"
#include "core/model/device/operator_choice.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/device_operators_support.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/cuda_device.hpp"

namespace pagewright::model_test {

TEST_CASE("a model on a CUDA device gives what own kernels give on the CPU, and the same gradients",
          "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const ModelConfig& config : device_families())
    for (const std::uint64_t seed : {1, 2}) {
      const WeightsView twice = random_weights(config, at::kDouble, seed, true),
                        single = random_weights(config, at::kFloat, seed, true);
      std::string what;
      const double difference = largest_difference(
          model_outcome(weights_on(twice, *device, at::kDouble), seed), model_outcome(twice, seed), what);
      INFO(what);
      CHECK(difference < 1e-10);
      const double rounded = largest_difference(model_outcome(weights_on(single, *device, at::kFloat), seed),
                                                model_outcome(single, seed), what);
      INFO(what);
      CHECK(rounded < 1e-4);
    }
}

TEST_CASE("a bfloat16 model on a CUDA device is near the float model of the same numbers", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const ModelConfig& config : device_families()) {
    const WeightsView narrow = random_weights(config, at::kBFloat16, 6, true, 0.1);
    const ModelOutcome ours = model_outcome(weights_on(narrow, *device, at::kBFloat16), 7),
                       theirs = model_outcome(weights_on(narrow, c10::kCPU, at::kFloat), 7);
    for (std::size_t i = 0; i < 4; ++i) {
      INFO(ours.names[i]);
      CHECK(max_difference(ours.values[i], theirs.values[i]) < 0.1);
    }
  }
}

TEST_CASE("decoding on a CUDA device gives the full forward of the CPU", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  for (const ModelConfig& config : device_families())
    for (const std::uint64_t seed : {1, 2}) {
      const Batch batch = shared_batch(37, seed);
      const WeightsView weights = random_weights(config, at::kDouble, seed, false);
      const WeightsView there = weights_on(weights, *device, at::kDouble);
      const at::Tensor expected = hidden_states(weights, batch);
      for (const std::size_t at_once : {1, 2, 5})
        CHECK(max_difference(device_decoded_hidden(there, batch, seed, at_once).cpu(), expected) < 1e-10);
    }
}

TEST_CASE("an entry that alone is allowed has a log-prob of exactly 0 on a CUDA device", "[gpu]") {
  const auto device = test::cuda_device();
  if (!device) PAGEWRIGHT_SKIP("no CUDA device");
  CounterRandom random(1, RandomStream::init);
  TargetRows targets;
  targets.row = {0, 1};
  targets.target = {4, 0};
  targets.allowed = {4, 0, 1, 2, 3, 4, 5};
  targets.allowed_offsets = {0, 1, 7};
  const LayoutLogProbs result =
      allowed_log_softmax(normal_tensor({2, 6}, at::kFloat, random).to(*device), targets, 0.7);
  CHECK(result.log_prob[0].item<float>() == 0);
  CHECK(result.entropy[0].item<float>() == 0);
  CHECK(result.log_prob[1].item<float>() < 0);
}

}  // namespace pagewright::model_test
