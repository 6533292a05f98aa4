#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include "core/rl/adamw.hpp"
#include "core/rl/schedule.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

TEST_CASE("AdamW follows three published steps in double") {
  at::Tensor parameters = at::tensor({1.0, -2.0, .5}, at::kDouble);
  at::Tensor first = at::zeros_like(parameters), second = at::zeros_like(parameters);
  const std::vector<std::vector<double>> gradients{{.1, -.2, .3}, {0, .4, -.1}, {1e-9, .2, 5}};
  const std::vector<std::vector<double>> expected{{.9890000010, -1.9880000005, .4895000003},
                                                  {.9812245245, -1.9896457399, .4849674335},
                                                  {.9749295040, -1.9928496398, .4780711517}};
  for (std::size_t step = 0; step < 3; ++step) {
    AdamwStep options{.01, .9, .95, 1e-8, .1, static_cast<std::int64_t>(step) + 1};
    adamw(options, parameters, at::tensor(gradients[step], at::kDouble), first, second);
    for (int i = 0; i < 3; ++i)
      CHECK(parameters[i].item<double>() == Approx(expected[step][static_cast<std::size_t>(i)]).margin(1e-9));
  }
}

TEST_CASE("AdamW adds epsilon outside of the bias correction") {
  at::Tensor parameters = at::tensor({0.0}, at::kDouble);
  at::Tensor first = at::zeros_like(parameters), second = at::zeros_like(parameters);
  adamw({1e-3, .9, .95, 1e-5, 0, 1}, parameters, at::tensor({1e-7}, at::kDouble), first, second);
  CHECK(parameters.item<double>() == Approx(-9.90e-6).epsilon(1e-3));
}

TEST_CASE("the learning rate warms up linearly and falls on a cosine") {
  const LearningRateSchedule schedule{1.0, 3, 13, .1};
  CHECK(schedule.at(0) == Approx(.25));
  CHECK(schedule.at(2) == Approx(.75));
  CHECK(schedule.at(3) == Approx(1));
  CHECK(schedule.at(8) == Approx(.55));
  CHECK(schedule.at(13) == Approx(.1));
  CHECK(schedule.at(99) == Approx(.1));
  CHECK(LearningRateSchedule{2.0, 0, 10, 1}.at(7) == 2.0);
}
