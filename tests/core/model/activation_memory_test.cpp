// How much memory a forward and backward pass takes: the formula in docs/distributed.md.
#include <ATen/ops/sum.h>

#include "core/model/layer_source.hpp"
#include "core/model/transformer.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/core/model/tensor_bytes_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Weights that are there all the time, lent layer by layer.
class WholeLayers : public LayerSource {
 public:
  explicit WholeLayers(WeightsView weights) : weights_(std::move(weights)) {}
  WeightsView acquire(std::int64_t, LayerPass) override { return weights_; }
  void release(std::int64_t, LayerPass) override {}

 private:
  WeightsView weights_;
};

ModelConfig measured_config() {
  ModelConfig config = small_config();
  config.vocab_size = 64, config.layout_begin = 60, config.structure_size = 0;
  config.dim = 64, config.heads = 4, config.kv_heads = 2, config.head_dim = 24, config.ffn_dim = 160;
  config.layers = 4, config.max_positions = 4096;
  config.qk_norm = config.qkv_bias = false;
  return config;
}

/// Floats that the backward pass of a layer needs of a position.
std::int64_t kept_by_layer(const ModelConfig& c) {
  const std::int64_t attention = c.heads * c.head_size(), group = c.kv_heads * c.head_size();
  std::int64_t kept = 4 * c.dim + 2 * attention + 2 * group + 3 * c.ffn_dim + c.heads + 2;
  if (c.qk_norm) kept += attention + group + c.heads + c.kv_heads;
  return kept;
}

/// docs/distributed.md, "Activations".
std::int64_t activation_bytes(const ModelConfig& c, std::int64_t positions, bool checkpointed) {
  const std::int64_t layers =
      checkpointed ? c.layers * c.dim + kept_by_layer(c) : c.layers * kept_by_layer(c);
  return 4 * positions * (layers + 3 * c.ffn_dim);
}

Batch one_segment(int positions) {
  CounterRandom random(8, RandomStream::init);
  Batch batch;
  batch.segments.push_back({random_bags(positions, 60, random)});
  return batch;
}

}  // namespace

TEST_CASE("a training pass takes the memory that the documentation promises, within a hundredth") {
  constexpr int kPositions = 1500;
  ModelConfig wide = measured_config();
  wide.qk_norm = true;
  const Batch batch = one_segment(kPositions);
  for (const ModelConfig& config : {measured_config(), wide})
    for (const bool checkpointed : {false, true}) {
      WeightsView weights = random_weights(config, at::kFloat, 1, true);
      if (checkpointed)
        weights = WeightsView(std::make_shared<const ModelConfig>(config),
                              std::make_shared<const WeightsView::Tensors>(weights.tensors()), 0,
                              std::make_shared<WholeLayers>(weights));
      const std::int64_t taken =
          most_bytes_during([&] { at::sum(hidden_states(weights, batch)).backward(); });
      const std::int64_t promised = activation_bytes(config, kPositions, checkpointed);
      INFO(taken << " bytes, " << promised << " promised, checkpointed " << checkpointed);
      CHECK(taken > 1'000'000);
      CHECK(static_cast<double>(taken) > 0.99 * static_cast<double>(promised));
      CHECK(static_cast<double>(taken) < 1.01 * static_cast<double>(promised));
    }
}

}  // namespace pagewright::model_test
