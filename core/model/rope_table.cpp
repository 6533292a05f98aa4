#include "core/model/rope_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ops/empty.h>

#include "core/model/real_dispatch.hpp"

namespace pagewright {
namespace {

std::vector<double> plain_frequencies(double theta, std::int64_t head_size) {
  std::vector<double> frequency(static_cast<std::size_t>(head_size / 2));
  for (std::size_t i = 0; i < frequency.size(); ++i)
    frequency[i] = std::pow(theta, -2.0 * static_cast<double>(i) / static_cast<double>(head_size));
  return frequency;
}

double llama3_frequency(const RopeScaling& rope, double frequency) {
  const auto original = static_cast<double>(rope.original_positions);
  const double turns = original * frequency / (2 * std::numbers::pi);  // within the original context
  if (turns < rope.low_freq_factor) return frequency / rope.factor;
  if (turns > rope.high_freq_factor) return frequency;
  const double share = (turns - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
  return (1 - share) * frequency / rope.factor + share * frequency;
}

/// The pair (not a whole number) that turns so many times within the original context.
double pair_of_turns(const RopeScaling& rope, double theta, std::int64_t head_size, double turns) {
  const auto original = static_cast<double>(rope.original_positions);
  return static_cast<double>(head_size) * std::log(original / (turns * 2 * std::numbers::pi)) /
         (2 * std::log(theta));
}

void stretch_by_yarn(const RopeScaling& rope, double theta, std::int64_t head_size,
                     std::vector<double>& frequency) {
  double low = pair_of_turns(rope, theta, head_size, rope.beta_fast);
  double high = pair_of_turns(rope, theta, head_size, rope.beta_slow);
  if (rope.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0), high = std::min(high, static_cast<double>(head_size - 1));
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    frequency[i] = frequency[i] / rope.factor * ramp + frequency[i] * (1 - ramp);
  }
}

double dynamic_theta(const RopeScaling& rope, double theta, std::int64_t head_size, std::int64_t length) {
  if (length <= rope.original_positions) return theta;
  const auto size = static_cast<double>(head_size);
  const double stretch =
      rope.factor * static_cast<double>(length) / static_cast<double>(rope.original_positions) -
      (rope.factor - 1);
  return theta * std::pow(stretch, size / (size - 2));
}

}  // namespace

std::vector<double> rope_frequencies(const ModelConfig& config, std::int64_t position) {
  const RopeScaling& rope = config.rope;
  const std::int64_t size = config.head_size();
  const double theta = rope.kind == RopeKind::dynamic
                           ? dynamic_theta(rope, config.rope_theta, size, position + 1)
                           : config.rope_theta;
  std::vector<double> frequency = plain_frequencies(theta, size);
  if (rope.kind == RopeKind::linear)
    for (double& f : frequency) f /= rope.factor;
  if (rope.kind == RopeKind::llama3)
    for (double& f : frequency) f = llama3_frequency(rope, f);
  if (rope.kind == RopeKind::yarn) stretch_by_yarn(rope, theta, size, frequency);
  return frequency;
}

void rope_table(const ModelConfig& config, std::int64_t positions, at::ScalarType dtype, at::Tensor& cosine,
                at::Tensor& sine) {
  const std::int64_t half = config.head_size() / 2;
  const RopeScaling& rope = config.rope;
  cosine = at::empty({positions, half}, at::TensorOptions().dtype(dtype));
  sine = at::empty({positions, half}, at::TensorOptions().dtype(dtype));
  std::vector<double> frequency = rope_frequencies(config, 0);
  dispatch_real(cosine, "rope", [&](auto zero) {
    using T = decltype(zero);
    T *c = cosine.mutable_data_ptr<T>(), *s = sine.mutable_data_ptr<T>();
    for (std::int64_t p = 0; p < positions; ++p) {
      if (rope.kind == RopeKind::dynamic && p >= rope.original_positions)
        frequency = rope_frequencies(config, p);
      for (std::int64_t i = 0; i < half; ++i) {
        const double angle = static_cast<double>(p) * frequency[static_cast<std::size_t>(i)];
        c[p * half + i] = static_cast<T>(std::cos(angle) * rope.attention_factor);
        s[p * half + i] = static_cast<T>(std::sin(angle) * rope.attention_factor);
      }
    }
  });
}

}  // namespace pagewright
