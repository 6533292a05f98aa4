#include "core/rl/potential_shaping.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/rl/advantage.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// A page of one section with the given item tokens.
Trajectory toy_page(const std::vector<TokenId>& items) {
  Trajectory page;
  page.tokens = {1};
  for (const TokenId item : items) {
    page.spans.slots.push_back(
        {0, 0, static_cast<int>(page.spans.slots.size()), item, static_cast<int>(page.tokens.size())});
    page.tokens.push_back(10 + item);
  }
  page.tokens.push_back(2);
  page.spans.page_end = static_cast<int>(page.tokens.size());
  page.tokens.push_back(3);
  return page;
}

/// All orders of two of `candidates` items, with a reward at the end of each page.
struct ToyTree {
  static constexpr int candidates = 4;
  double reward[candidates][candidates] = {};
  double gain[candidates] = {};  ///< what an item adds to the potential

  explicit ToyTree(std::uint64_t seed) {
    CounterRandom random(seed, RandomStream::controls);
    for (auto& row : reward)
      for (double& value : row) value = random.normal();
    for (double& value : gain) value = 3 * random.normal();
  }

  /// Discounted return of a page under its token rewards, shaped or not.
  double page_return(int first, int second, double gamma, bool shaped) const {
    const Trajectory page = toy_page({first, second});
    std::vector<double> rewards(page.tokens.size(), 0.0);
    rewards.back() = reward[first][second];
    const std::vector<double> gains{gain[first], gain[second]};
    const auto shaping = shaping_rewards(page, gains, gamma);
    double sum = 0, discount = 1;
    for (std::size_t t = 0; t < rewards.size(); ++t, discount *= gamma)
      sum += discount * (rewards[t] + (shaped ? shaping[t] : 0));
    return sum;
  }
};

}  // namespace

TEST_CASE("shaping pays each gain at its item and takes the sum back at the end") {
  const Trajectory page = toy_page({4, 7, 5});
  const std::vector<double> gains{0.5, -0.25, 2};
  CHECK(shaping_rewards(page, gains, 1) == std::vector<double>{0, 0.5, -0.25, 2, 0, -2.25});
  CHECK_THROWS_AS(shaping_rewards(page, std::vector<double>{1}, 1), Error);
}

TEST_CASE("the discounted sum of shaping is 0 for any page and discount") {
  CounterRandom random(1, RandomStream::controls);
  for (const double gamma : {1.0, 0.95, 0.5, 0.0})
    for (int slots = 0; slots < 6; ++slots) {
      std::vector<TokenId> items(static_cast<std::size_t>(slots));
      std::iota(items.begin(), items.end(), 0);
      std::vector<double> gains;
      for (int k = 0; k < slots; ++k) gains.push_back(random.normal());
      double sum = 0, discount = 1;
      for (const double value : shaping_rewards(toy_page(items), gains, gamma)) {
        sum += discount * value;
        discount *= gamma;
      }
      CHECK(sum == Approx(0).margin(1e-12));
    }
}

TEST_CASE("on an enumerated tree of pages shaping changes neither the best actions nor any advantage") {
  for (const std::uint64_t seed : {1, 2, 3, 4, 5})
    for (const double gamma : {1.0, 0.9}) {
      const ToyTree tree(seed);
      // Optimal values by enumeration: the state after the first item, and the first choice.
      std::map<bool, std::vector<double>> first_value;
      for (const bool shaped : {false, true})
        for (int first = 0; first < ToyTree::candidates; ++first) {
          std::vector<double> second_value;
          for (int second = 0; second < ToyTree::candidates; ++second)
            second_value.push_back(first == second ? -1e9 : tree.page_return(first, second, gamma, shaped));
          first_value[shaped].push_back(*std::ranges::max_element(second_value));
        }
      const auto best = [](const std::vector<double>& values) {
        return std::ranges::max_element(values) - values.begin();
      };
      CHECK(best(first_value[false]) == best(first_value[true]));
      for (std::size_t first = 0; first < first_value[false].size(); ++first)
        CHECK(first_value[true][first] == Approx(first_value[false][first]).margin(1e-12));

      // With V*'(s) = V*(s) - Phi(s) (Ng, Harada, Russell) every one-step advantage is the same.
      const Trajectory page = toy_page({0, 2});
      const std::vector<double> gains{tree.gain[0], tree.gain[2]};
      const auto shaping = shaping_rewards(page, gains, gamma);
      std::vector<double> rewards(page.tokens.size(), 0.0), values(rewards.size());
      rewards.back() = tree.reward[0][2];
      CounterRandom random(seed, RandomStream::controls, 1);
      for (double& value : values) value = random.normal();
      std::vector<double> shaped = rewards, shifted = values;
      const std::vector<double> potential{
          0, 0, gains[0], gains[0] + gains[1], gains[0] + gains[1], gains[0] + gains[1]};
      REQUIRE(page.tokens.size() == 5);
      for (std::size_t t = 0; t < shaped.size(); ++t) {
        shaped[t] += shaping[t];
        shifted[t] -= potential[t];
      }
      for (const double lambda : {0.0, 0.95, 1.0}) {
        const auto plain = generalised_advantages(rewards, values, gamma, lambda),
                   other = generalised_advantages(shaped, shifted, gamma, lambda);
        for (std::size_t t = 0; t < rewards.size(); ++t)
          CHECK(other.advantage[t] == Approx(plain.advantage[t]).margin(1e-12));
      }
    }
}
