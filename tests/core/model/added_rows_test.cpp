#include "core/model/added_rows.hpp"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/std.h>

#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {

TEST_CASE("added rows begin at the mean of their words or of all rows, with noise of a tenth of the spread") {
  const std::int64_t dim = 512, known = 40;
  at::Tensor matrix = at::randn({known + 3, dim}).mul_(3).add_(1);
  const at::Tensor before = matrix.clone();
  start_added_rows(matrix, known, {{}, {4, 9}, {7}}, 5, "model.embed_tokens.weight");
  CHECK(at::equal(matrix.narrow(0, 0, known), before.narrow(0, 0, known)));
  const at::Tensor all = before.narrow(0, 0, known).mean(0);
  const at::Tensor starts[] = {all, (before[4] + before[9]) / 2, before[7]};
  const double spread = (before.narrow(0, 0, known) - all).square().mean().sqrt().item<double>();
  for (int i = 0; i < 3; ++i) {
    const at::Tensor noise = matrix[known + i] - starts[i];
    // Of 512 draws: mean within 4 standard errors, deviation within a tenth.
    CHECK(std::abs(noise.mean().item<double>()) < 4 * 0.1 * spread / std::sqrt(512.0));
    CHECK(noise.std(false).item<double>() == Approx(0.1 * spread).epsilon(0.15));
  }
  at::Tensor again = before.clone();
  start_added_rows(again, known, {{}, {4, 9}, {7}}, 5, "model.embed_tokens.weight");
  CHECK(at::equal(again, matrix));
  at::Tensor other = before.clone();
  start_added_rows(other, known, {{}, {4, 9}, {7}}, 5, "lm_head.weight");
  CHECK_FALSE(at::equal(other, matrix));
}

TEST_CASE("added rows refuse words that the vocabulary lacks") {
  at::Tensor matrix = at::randn({5, 4});
  CHECK(test::contains(test::error_text([&] { start_added_rows(matrix, 4, {{4}}, 1, "embedding"); }),
                       "embedding: token 4 is none of the 4 that are there"));
  CHECK(test::contains(test::error_text([&] { start_added_rows(matrix, 4, {{}, {}}, 1, "embedding"); }),
                       "embedding: 5 rows, of which 4 and 2 more"));
}

}  // namespace pagewright
