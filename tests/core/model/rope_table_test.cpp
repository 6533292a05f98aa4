#include "core/model/rope_table.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {
namespace {

/// Heads of 16, theta 1000, context 64.
ModelConfig rope_config(RopeKind kind) {
  ModelConfig c = small_config();
  c.head_dim = 16;
  c.rope_theta = 1000;
  c.rope.kind = kind;
  return c;
}

void check_frequencies(const ModelConfig& config, std::int64_t position,
                       const std::vector<double>& expected) {
  const std::vector<double> found = rope_frequencies(config, position);
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO("pair " << i << " at position " << position);
    CHECK(found[i] == Approx(expected[i]).epsilon(3e-7));  // the reference computes in single precision
  }
}

/// theta^(-2i / d) with logarithms.
double plain_frequency(double theta, int pair, int size) {
  return std::exp(-2.0 * pair / size * std::log(theta));
}

}  // namespace

TEST_CASE("frequencies of each rope scaling are those that transformers computes") {
  ModelConfig linear = rope_config(RopeKind::linear);
  linear.rope.factor = 4;
  check_frequencies(linear, 3,
                    {0.25, 0.105424128, 0.0444569848, 0.0187473539, 0.00790569466, 0.00333380373,
                     0.00140585331, 0.000592843455});
  ModelConfig llama3 = rope_config(RopeKind::llama3);
  llama3.rope.factor = 8;
  llama3.rope.original_positions = 32;
  check_frequencies(llama3, 3,
                    {1.0, 0.193871081, 0.0222284924, 0.00937367696, 0.00395284733, 0.00166690187,
                     0.000702926656, 0.000296421727});
  ModelConfig yarn = rope_config(RopeKind::yarn);
  yarn.rope.factor = 4;
  yarn.rope.original_positions = 16;
  yarn.rope.beta_fast = 4;
  check_frequencies(yarn, 3,
                    {1.0, 0.263560325, 0.0444569848, 0.0187473539, 0.00790569466, 0.00333380373,
                     0.00140585331, 0.000592843455});
  yarn.rope.beta_slow = 0.25;
  yarn.rope.truncate = false;
  check_frequencies(yarn, 3,
                    {1.0, 0.304035664, 0.0785936043, 0.0187473539, 0.00790569466, 0.00333380373,
                     0.00140585331, 0.000592843455});
  ModelConfig wide = rope_config(RopeKind::yarn);
  wide.rope.factor = 40;
  wide.rope.original_positions = 4096;
  check_frequencies(wide, 3,
                    {1.0, 0.421696514, 0.177827939, 0.0749894157, 0.0254563373, 0.0081344815, 0.00233371649,
                     0.000521702226});
  ModelConfig dynamic = rope_config(RopeKind::dynamic);
  dynamic.rope.factor = 2;
  dynamic.rope.original_positions = 64;
  check_frequencies(dynamic, 63,
                    {1.0, 0.421696514, 0.177827939, 0.0749894157, 0.0316227786, 0.0133352149, 0.00562341325,
                     0.00237137382});
  check_frequencies(
      dynamic, 64,
      {1.0, 0.419846803, 0.176271349, 0.0740069598, 0.0310715884, 0.0130453063, 0.0054770303, 0.00229951367});
  check_frequencies(
      dynamic, 99,
      {1.0, 0.37864694, 0.143373504, 0.0542879328, 0.02055596, 0.00778345158, 0.00294717983, 0.00111594063});
}

TEST_CASE("rotary tables in double equal the closed formulas") {
  constexpr int kSize = 16, kPositions = 200;
  at::Tensor cosine, sine;
  const auto check_table = [&](const ModelConfig& config, auto angle) {
    rope_table(config, kPositions, at::kDouble, cosine, sine);
    const double* c = cosine.const_data_ptr<double>();
    const double* s = sine.const_data_ptr<double>();
    double worst = 0;
    for (int p = 0; p < kPositions; ++p)
      for (int i = 0; i < kSize / 2; ++i) {
        const double a = config.rope.attention_factor;
        worst = std::max(worst, std::abs(c[p * kSize / 2 + i] - a * std::cos(angle(p, i))));
        worst = std::max(worst, std::abs(s[p * kSize / 2 + i] - a * std::sin(angle(p, i))));
      }
    CHECK(worst < 1e-12);
  };
  check_table(rope_config(RopeKind::plain), [](int p, int i) { return p * plain_frequency(1000, i, kSize); });
  ModelConfig linear = rope_config(RopeKind::linear);
  linear.rope.factor = 2.5;
  check_table(linear, [](int p, int i) { return p / 2.5 * plain_frequency(1000, i, kSize); });
  ModelConfig llama3 = rope_config(RopeKind::llama3);
  llama3.rope.factor = 8;
  llama3.rope.original_positions = 64;
  llama3.rope.low_freq_factor = 0.5;
  llama3.rope.high_freq_factor = 6;
  check_table(llama3, [](int p, int i) {
    const double frequency = plain_frequency(1000, i, kSize), wavelength = 2 * std::numbers::pi / frequency;
    if (wavelength < 64 / 6.0) return p * frequency;
    if (wavelength > 64 / 0.5) return p * frequency / 8;
    const double smooth = (64 / wavelength - 0.5) / (6 - 0.5);
    return p * ((1 - smooth) * frequency / 8 + smooth * frequency);
  });
  ModelConfig yarn = rope_config(RopeKind::yarn);
  yarn.rope.factor = 4;
  yarn.rope.original_positions = 50;
  yarn.rope.beta_fast = 3;
  yarn.rope.truncate = false;
  yarn.rope.attention_factor = 0.1 * std::log(4.0) + 1;
  check_table(yarn, [](int p, int i) {
    // The pair that turns t times in the original context: 50 theta^(-2i / d) = 2 pi t.
    const auto pair = [](double t) {
      return kSize / 2.0 * std::log(50 / (2 * std::numbers::pi * t)) / std::log(1000.0);
    };
    const double frequency = plain_frequency(1000, i, kSize);
    const double fast = std::max(pair(3), 0.0), slow = pair(1);
    if (i <= fast) return p * frequency;
    if (i >= slow) return p * frequency / 4;
    const double ramp = (i - fast) / (slow - fast);
    return p * (frequency / 4 * ramp + frequency * (1 - ramp));
  });
  ModelConfig dynamic = rope_config(RopeKind::dynamic);
  dynamic.rope.factor = 3;
  dynamic.rope.original_positions = 100;
  check_table(dynamic, [](int p, int i) {
    const double stretch = p + 1 <= 100 ? 1 : 3 * (p + 1) / 100.0 - 2;
    return p * plain_frequency(1000 * std::pow(stretch, 16 / 14.0), i, kSize);
  });
}

TEST_CASE("a rope scaling that cannot be computed is refused") {
  ModelConfig llama3 = rope_config(RopeKind::llama3);
  REQUIRE_THROWS_WITH(llama3.check(), "model: the rope scaling needs original_max_position_embeddings");
  llama3.rope.original_positions = 32;
  llama3.rope.high_freq_factor = 1;
  REQUIRE_THROWS_WITH(llama3.check(), "model: rope high_freq_factor 1 must be above low_freq_factor 1");
  ModelConfig linear = rope_config(RopeKind::linear);
  linear.rope.factor = 0;
  REQUIRE_THROWS_WITH(linear.check(), "model: the rope factor is 0; it must be positive");
}

}  // namespace pagewright::model_test
