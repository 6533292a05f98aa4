#include "core/model/row_linear.hpp"

#include <cmath>

#include <ATen/ops/addmm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sum.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/model/kernels/kernel_table.hpp"
#include "tests/core/model/model_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright::model_test {

TEST_CASE("products and their gradients equal ATen's for all shapes around the tile sizes") {
  CounterRandom random(41, RandomStream::init);
  for (const std::int64_t n : {0, 1, 3, 4, 7, 8, 9, 17, 300})
    for (const std::int64_t m : {1, 5, 16, 17, 32, 33, 50})
      for (const std::int64_t k : {1, 16, 23, 64, 257}) {
        const bool biased = (n + m + k) % 2 == 0;
        at::Tensor x = normal_tensor({n, k}, at::kDouble, random).set_requires_grad(true);
        at::Tensor w = normal_tensor({m, k}, at::kDouble, random).set_requires_grad(true);
        at::Tensor b = normal_tensor({m}, at::kDouble, random).set_requires_grad(true);
        const at::Tensor probe = normal_tensor({n, m}, at::kDouble, random);
        const at::Tensor ours = row_linear(x, w, biased ? b : at::Tensor());
        const at::Tensor theirs = biased ? at::matmul(x, w.t()) + b : at::matmul(x, w.t());
        INFO(n << " x " << k << " to " << m);
        CHECK(max_difference(ours, theirs) < 1e-11);
        std::vector<at::Tensor> leaves{x, w};
        if (biased) leaves.push_back(b);
        const auto grads = torch::autograd::grad({at::sum(ours * probe)}, leaves);
        const auto expected = torch::autograd::grad({at::sum(theirs * probe)}, leaves);
        for (std::size_t i = 0; i < leaves.size(); ++i) CHECK(max_difference(grads[i], expected[i]) < 1e-11);
      }
}

TEST_CASE("a row of a product has the same bits among 1 to 40 rows, for any width") {
  CounterRandom random(42, RandomStream::init);
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble})
    for (const std::int64_t m : {1, 7, 16, 24, 40, 100})
      for (const std::int64_t k : {5, 16, 64, 300}) {
        const at::Tensor x = normal_tensor({40, k}, dtype, random), w = normal_tensor({m, k}, dtype, random);
        const at::Tensor b = normal_tensor({m}, dtype, random);
        const at::Tensor all = row_linear(x, w, b);
        bool same = true;
        for (std::int64_t n = 1; n <= 40; ++n) {
          same = same && same_bits(row_linear(x.slice(0, 0, n), w, b), all.slice(0, 0, n));
          same = same && same_bits(row_linear(x.slice(0, 40 - n, 40), w, b), all.slice(0, 40 - n, 40));
        }
        // A column has the same bits in a narrower product.
        for (std::int64_t c = 1; c < m; ++c)
          same = same && same_bits(row_linear(x, w.slice(0, 0, c), b.slice(0, 0, c)), all.slice(1, 0, c));
        INFO(m << " columns, depth " << k);
        CHECK(same);
      }
}

TEST_CASE("exp is within two units in the last place, and exactly 0 or 1 where it must be") {
  std::vector<float> x;
  for (int i = -17400; i <= 17400; ++i) x.push_back(static_cast<float>(i) * 0.005f);
  std::vector<float> y(x.size());
  kernels<float>().exp(static_cast<std::int64_t>(x.size()), x.data(), y.data());
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::exp(static_cast<double>(x[i]));
    worst = std::max(worst, std::abs(y[i] - exact) / exact);
  }
  CHECK(worst < 2 * 1.2e-7);
  std::vector<double> u, v;
  for (int i = -7000; i <= 7000; ++i) u.push_back(static_cast<double>(i) * 0.1001);
  v.resize(u.size());
  kernels<double>().exp(static_cast<std::int64_t>(u.size()), u.data(), v.data());
  for (std::size_t i = 0; i < u.size(); ++i) CHECK(std::abs(v[i] / std::exp(u[i]) - 1) < 5e-16);
  const float edge[4] = {0.0f, -INFINITY, -200.0f, -88.0f};
  float out[4];
  kernels<float>().exp(4, edge, out);
  CHECK(out[0] == 1.0f);
  CHECK(out[1] == 0.0f);
  CHECK(out[2] == 0.0f);
  CHECK(out[3] == 0.0f);
}

}  // namespace pagewright::model_test
