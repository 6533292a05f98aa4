#pragma once
// Cosines and sines of the rotary positions (Su et al. 2021).

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/model/model_config.hpp"

namespace pagewright {

/// Angles that a position's pairs are turned by, per position: [head_size / 2], pair i against head_size / 2
/// + i. With theta the model's rope_theta and d its head size, pair i turns by f_i = theta^(-2i / d) a
/// position, and
/// - `linear`: by f_i / factor (position interpolation, Chen et al. 2023);
/// - `llama3`: pairs of a wavelength above original / low_freq_factor by f_i / factor, below original /
///   high_freq_factor by f_i, in between by their blend (Grattafiori et al. 2024);
/// - `yarn`: a ramp over i from f_i to f_i / factor between the pairs that turn beta_fast and beta_slow times
///   within the original context (Peng et al. 2023);
/// - `dynamic`: at a position p below the original context by f_i, else with theta (factor (p + 1) / original
/// -
///   (factor - 1))^(d / (d - 2)). The length that counts is the row's own, p + 1, whatever follows: so a
///   row's bits do not depend on later rows (Note [Row invariance]). These are the frequencies of
///   `transformers` when it starts within the original context and goes on position by position with a cache;
///   its forward over a whole longer sequence turns all rows by the frequencies of the last.
std::vector<double> rope_frequencies(const ModelConfig& config, std::int64_t position);

/// cos and sin of position * frequency, times the attention factor, [positions, head_size / 2], computed in
/// double.
void rope_table(const ModelConfig& config, std::int64_t positions, at::ScalarType dtype, at::Tensor& cosine,
                at::Tensor& sine);

}  // namespace pagewright
