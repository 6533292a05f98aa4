#pragma once
// Small random models and batches, and an independent reference of the forward pass in plain ATen operators.

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>

#include "core/base/rng.hpp"
#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright::model_test {

/// A model of 2 layers, dim 24, 4 heads of 6, with everything switched on that `config` sets.
ModelConfig small_config();

/// Weights of the specs: normal values of spread `stddev`, norms around 1; leaves that require gradients if
/// asked.
WeightsView random_weights(const ModelConfig& config, at::ScalarType dtype, std::uint64_t seed,
                           bool requires_grad, double stddev = 0.3);

/// Positions with one to three random tokens each.
TokenBags random_bags(int positions, TokenId vocab, CounterRandom& random);

/// Two prompts, each with a few responses of different lengths (one of them empty).
Batch shared_batch(TokenId vocab, std::uint64_t seed);
/// The same responses, each with a copy of its prompt before it in one segment. `rows` maps rows of the
/// shared batch to rows here (a prompt's rows to those of its last copy).
Batch unshared_batch(const Batch& shared, std::vector<std::int64_t>& rows);

/// Random numbers of a shape, standard normal.
at::Tensor normal_tensor(at::IntArrayRef shape, at::ScalarType dtype, CounterRandom& random);

/// hidden_states by matmul, softmax and autograd of ATen, one sequence (parent and segment) at a time.
at::Tensor reference_hidden(const WeightsView& weights, const Batch& batch);

/// Largest absolute difference.
double max_difference(const at::Tensor& a, const at::Tensor& b);
/// Same shape and the same bits.
bool same_bits(const at::Tensor& a, const at::Tensor& b);

/// Gradients of sum(probe * f(weights)) by all parameters, in name order (zeros where there is none).
std::vector<at::Tensor> gradients(const WeightsView& weights, const at::Tensor& loss);

}  // namespace pagewright::model_test
