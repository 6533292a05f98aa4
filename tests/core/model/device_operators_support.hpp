#pragma once
// Comparison of ATen's operators with own kernels: on the CPU, and on any device.

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/iteration/batch.hpp"
#include "core/model/weights_view.hpp"

namespace pagewright::model_test {

/// Models with everything that a layer may have: grouped heads, biases, norms of heads, tied embeddings, wide
/// heads, windows, scaled rotary positions.
std::vector<ModelConfig> device_families();

/// Weights of `weights` on another device or in another type, leaves if these are.
WeightsView weights_on(const WeightsView& weights, c10::Device device, at::ScalarType dtype);

/// Results and gradients by all parameters of everything that a loss may be made of, for random batches with
/// shared prompts: hidden states, log-probs and entropies over allowed sets of both heads, a scalar head, and
/// the whole vocabulary. In double, on the CPU.
struct ModelOutcome {
  std::vector<std::string> names;
  std::vector<at::Tensor> values;
};
ModelOutcome model_outcome(const WeightsView& weights, std::uint64_t seed);

/// Largest difference of two outcomes, each relative to 1 + the largest value; `what` becomes its name.
double largest_difference(const ModelOutcome& ours, const ModelOutcome& theirs, std::string& what);

/// Hidden states of a shared batch's responses, decoded position by position, and of its prompts, in the
/// order of the batch.
at::Tensor device_decoded_hidden(const WeightsView& weights, const Batch& batch, std::uint64_t seed,
                                 std::size_t at_once);

}  // namespace pagewright::model_test
