#include "rewards/feedback/debias/pair_bias.hpp"

#include <cmath>

#include "core/base/rng.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/error_text.hpp"

namespace pagewright {
namespace {

/// Lists of four alike documents: only where they stand decides, so that the scores stay equal.
ClickSessions lists_of_equals(int count, const std::vector<double>& click) {
  ClickSessions lists;
  CounterRandom random(5, RandomStream::feedback);
  for (int s = 0; s < count; ++s) {
    std::vector<int> documents;
    std::vector<std::uint8_t> clicks;
    for (std::size_t k = 0; k < click.size(); ++k) {
      documents.push_back((s + static_cast<int>(k)) % 8);
      clicks.push_back(random.uniform() < click[k]);
    }
    lists.add_list(documents, clicks);
  }
  return lists;
}

/// t+ and t- of equal documents: a fixed point of sums over pairs of clicked and unclicked slots.
std::pair<std::vector<double>, std::vector<double>> counted_biases(const ClickSessions& lists,
                                                                   std::size_t slots) {
  std::vector<double> pairs(slots * slots), up(slots, 1.0), down(slots, 1.0);
  for (std::size_t s = 0; s < lists.size(); ++s)
    for (std::size_t i = 0; i < slots; ++i)
      for (std::size_t j = 0; j < slots; ++j)
        pairs[i * slots + j] += lists[s].clicks[i] && !lists[s].clicks[j];
  for (int round = 0; round < 200; ++round) {
    std::vector<double> ups(slots), downs(slots);
    for (std::size_t i = 0; i < slots; ++i)
      for (std::size_t j = 0; j < slots; ++j) {
        ups[i] += pairs[i * slots + j] / down[j];
        downs[j] += pairs[i * slots + j] / up[i];
      }
    for (std::size_t k = 0; k < slots; ++k) {
      up[k] = ups[k] / ups[0];
      down[k] = downs[k] / downs[0];
    }
  }
  return {up, down};
}

TEST_CASE("where documents are alike pair biases are the fixed point of counted pairs") {
  const ClickSessions lists = lists_of_equals(20000, {0.5, 0.3, 0.2, 0.1});
  PairBiasLearning learning;
  learning.ridge = 1e6;  // holds all scores at 0
  const PairBias bias = fit_pair_bias(list_space(8, 4), lists, learning);
  const auto [up, down] = counted_biases(lists, 4);
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(k);
    CHECK(bias.clicked[k] == Approx(up[k]).epsilon(0.02));
    CHECK(bias.unclicked[k] == Approx(down[k]).epsilon(0.02));
  }
  // A click at the first slot is more likely than at the last, and no click less so.
  CHECK(bias.clicked[3] < 0.4);
  CHECK(bias.unclicked[3] > 1);
  learning.regulariser = 1;
  CHECK(fit_pair_bias(list_space(8, 4), lists, learning).clicked[3] > bias.clicked[3]);
}

TEST_CASE("pair biases need pairs with the first slot, and say so") {
  const auto error = [](const ClickSessions& lists) {
    return test::error_text([&] { fit_pair_bias(list_space(8, 2), lists, {}); });
  };
  CHECK(test::contains(error(lists_of_equals(20, {0, 1})), "the first slot is never clicked"));
  CHECK(test::contains(error(lists_of_equals(20, {1, 0})), "the first slot is never left unclicked"));
  CHECK(test::contains(error(lists_of_equals(20, {1, 1})),
                       "the first slot is never clicked where another is not"));
}

}  // namespace
}  // namespace pagewright
