#include "core/rl/token_rewards.hpp"

#include <numeric>
#include <vector>

#include "core/base/error.hpp"
#include "core/rl/advantage.hpp"
#include "core/rl/kl.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// <section> <item> <item> </section> </page>
Trajectory two_slot_page() {
  Trajectory trajectory;
  trajectory.tokens = {10, 20, 21, 11, 12};
  trajectory.spans.slots = {{0, 0, 0, 4, 1}, {0, 0, 1, 7, 2}};
  trajectory.spans.page_end = 4;
  return trajectory;
}

Score two_slot_score() {
  Score score;
  score.page_reward = 0.5f;
  score.slot_rewards = {0.25f, -1.0f};
  score.format_reward = -1.0f;
  return score;
}

}  // namespace

TEST_CASE("rewards land on their tokens") {
  const Trajectory page = two_slot_page();
  const Score score = two_slot_score();
  CHECK(token_rewards(page, score, CreditPlacement::per_item) == std::vector<double>{0, 0.25, -1, 0, -0.5});
  CHECK(token_rewards(page, score, CreditPlacement::per_section) ==
        std::vector<double>{0, 0, 0, -0.75, -0.5});
  CHECK(token_rewards(page, score, CreditPlacement::terminal) == std::vector<double>{0, 0, 0, 0, -1.25});
}

TEST_CASE("each section's end takes the rewards of its own slots") {
  // <section> <item> <item> </section> <section> <item> </section> </page>
  Trajectory page;
  page.tokens = {10, 20, 21, 12, 11, 22, 12, 13};
  page.spans.slots = {{0, 0, 0, 4, 1}, {0, 0, 1, 7, 2}, {1, 1, 0, 2, 5}};
  page.spans.page_end = 7;
  Score score;
  score.page_reward = 1;
  score.slot_rewards = {0.5f, 0.25f, -2.0f};
  CHECK(token_rewards(page, score, CreditPlacement::per_section) ==
        std::vector<double>{0, 0, 0, 0.75, 0, 0, -2, 1});
  page.tokens.resize(6);
  page.spans.page_end = -1;
  CHECK(token_rewards(page, score, CreditPlacement::per_section) ==
        std::vector<double>{0, 0, 0, 0.75, 0, -1});
}

TEST_CASE("all placements give the same sum and the same return at the first token") {
  const Trajectory page = two_slot_page();
  const Score score = two_slot_score();
  const std::vector<double> kl{.1, -.2, .3, .0, .05};
  double sum = score.page_reward + score.format_reward;
  for (float slot : score.slot_rewards) sum += slot;
  for (double term : kl) sum -= 0.3 * term;
  for (const auto placement :
       {CreditPlacement::per_item, CreditPlacement::per_section, CreditPlacement::terminal}) {
    const auto rewards = token_rewards(page, score, placement, 0.3, kl);
    CHECK(std::accumulate(rewards.begin(), rewards.end(), 0.0) == Approx(sum));
    const std::vector<double> values(5, 0.0);
    CHECK(generalised_advantages(rewards, values, 1, 1).returns[0] == Approx(sum));
  }
}

TEST_CASE("a page that was cut off takes its page reward on the last token") {
  Trajectory cut = two_slot_page();
  cut.tokens = {10, 20, 21};
  cut.spans.page_end = -1;
  cut.finish = FinishReason::length;
  CHECK(token_rewards(cut, two_slot_score(), CreditPlacement::per_item) ==
        std::vector<double>{0, 0.25, -1.5});
}

TEST_CASE("the KL penalty of a published example") {
  for (int row = 1; row <= 3; ++row) {
    Trajectory response;
    response.tokens = {1, 2, 3};
    Score score;
    score.page_reward = static_cast<float>(row);
    const std::vector<double> log_probs(3, -1.0 - .1 * row), reference(3, -1.0);
    const auto kl = kl_terms(KlEstimator::k1, log_probs, reference);
    const auto rewards = token_rewards(response, score, CreditPlacement::per_item, .5, kl);
    CHECK(rewards[0] == Approx(.05 * row));
    CHECK(rewards[1] == Approx(.05 * row));
    CHECK(rewards[2] == Approx(1.05 * row));
  }
}

TEST_CASE("rewards that do not fit the page are refused") {
  Score score = two_slot_score();
  score.slot_rewards.push_back(1);
  CHECK_THROWS_AS(token_rewards(two_slot_page(), score, CreditPlacement::per_item), Error);
  CHECK_THROWS_AS(token_rewards(Trajectory{}, Score{}, CreditPlacement::per_item), Error);
}
