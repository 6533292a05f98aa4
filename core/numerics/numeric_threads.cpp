#include "core/numerics/numeric_threads.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros_like.h>
#include <torch/headeronly/version.h>

#include "core/base/rng.hpp"
#include "core/base/sha256.hpp"
#include "core/model/transformer.hpp"
#include "core/rl/adamw.hpp"

namespace pagewright {
namespace {

at::Tensor fingerprint_input(std::uint64_t number, std::int64_t rows, std::int64_t columns) {
  at::Tensor values = at::empty({rows, columns}, at::kFloat);
  CounterRandom random(1, RandomStream::init, number);
  for (float& value : std::span(values.mutable_data_ptr<float>(), static_cast<std::size_t>(values.numel())))
    value = static_cast<float>(4 * random.uniform() - 2);
  return values;
}

void fingerprint_add(Sha256& hash, const at::Tensor& result) {
  const at::Tensor dense = result.contiguous();
  hash.update(
      std::as_bytes(std::span(dense.const_data_ptr<float>(), static_cast<std::size_t>(dense.numel()))));
}

/// Hidden states of a small transformer with the given numbers as weights: own matrix products, norms and
/// attention.
at::Tensor fingerprint_hidden_states() {
  ModelConfig config;
  config.vocab_size = config.layout_begin = 16;
  config.dim = 32;
  config.layers = 1;
  config.heads = config.kv_heads = 4;
  config.ffn_dim = 48;
  config.lm_head = false;
  auto tensors = std::make_shared<WeightsView::Tensors>();
  std::uint64_t number = 16;
  for (const ParameterSpec& spec : parameter_specs(config)) {
    const std::int64_t rows = spec.shape.front(), columns = spec.shape.size() > 1 ? spec.shape[1] : 1;
    tensors->emplace(spec.name, fingerprint_input(number++, rows, columns).view(spec.shape));
  }
  Segment segment;
  for (TokenId token = 0; token < 16; ++token) segment.tokens.push(token);
  Batch batch;
  batch.segments.push_back(std::move(segment));
  return hidden_states(WeightsView(std::make_shared<const ModelConfig>(config), std::move(tensors), 0),
                       batch);
}

}  // namespace

void use_one_numeric_thread() {
  at::set_num_threads(1);
}

std::unique_ptr<LanePool> make_lane_pool(int threads, const std::function<void()>& thread_init) {
  use_one_numeric_thread();
  return std::make_unique<LanePool>(threads, [thread_init](int) {
    use_one_numeric_thread();
    if (thread_init) thread_init();
  });
}

std::string numeric_fingerprint() {
  Sha256 hash;
  hash.update(at::get_cpu_capability()).update(TORCH_VERSION);
  const at::Tensor a = fingerprint_input(0, 37, 64), b = fingerprint_input(1, 64, 48);
  const at::Tensor product = at::mm(a, b);
  fingerprint_add(hash, product);
  fingerprint_add(hash, at::exp(product));
  fingerprint_add(hash, at::softmax(product, 1));
  fingerprint_add(hash, fingerprint_hidden_states());
  at::Tensor parameters = fingerprint_input(2, 1, 256).view({256});
  const at::Tensor gradients = fingerprint_input(3, 1, 256).view({256});
  adamw({.weight_decay = 0.01}, parameters, gradients, at::zeros_like(parameters),
        at::zeros_like(parameters));
  fingerprint_add(hash, parameters);
  return hash.hex();
}

}  // namespace pagewright
