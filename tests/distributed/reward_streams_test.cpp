#include "distributed/pipeline/reward_streams.hpp"

#include <cmath>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/rl/potential_shaping.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/pipeline/page_credit.hpp"
#include "tests/distributed/small_shop_support.hpp"
#include "tests/support/catch.hpp"

using namespace pagewright;

namespace {

/// Two lanes of eight pages whose page rewards have a spread of 3 and sums of item rewards one of 0.1.
Experience two_streams(std::uint64_t seed) {
  CounterRandom random(seed, RandomStream::controls);
  Experience experience;
  experience.lanes = {0, 1};
  for (int r = 0; r < 4; ++r) {
    LearningRequest& request = experience.requests.emplace_back();
    for (int s = 0; s < 4; ++s) {
      LearningPage& page = request.pages.emplace_back();
      page.score.page_reward = static_cast<float>(3 * random.normal() + 1);
      const double items = 0.1 * random.normal();
      page.score.slot_rewards = {static_cast<float>(items / 2), static_cast<float>(items / 2)};
    }
  }
  experience.requests[1].pages[2].score.invalid_cause = "slot_range";
  experience.requests[1].pages[2].score.page_reward = 1000;
  return experience;
}

void add_moments(const Experience& pages, Moments& page, Moments& item) {
  for (const LearningRequest& request : pages.requests)
    for (const LearningPage& learning : request.pages) {
      if (!learning.score.invalid_cause.empty()) continue;
      page.add(learning.score.page_reward);
      item.add(static_cast<double>(learning.score.slot_rewards[0]) + learning.score.slot_rewards[1]);
    }
}

}  // namespace

TEST_CASE("running stream scales bring page and item rewards to their shares") {
  LocalCommunicator alone;
  const LearnerLanes lanes(alone, 2);
  RewardStreams streams(StreamScale::running, 0.75);
  Moments page, item;
  for (std::uint64_t iteration = 0; iteration < 3; ++iteration) {
    Experience pages = two_streams(iteration);
    add_moments(pages, page, item);
    const Experience before = pages;
    streams.scale(pages, lanes);
    const double of_page = 0.75 / std::sqrt(page.variance()), of_item = 0.25 / std::sqrt(item.variance());
    Metrics metrics;
    streams.report(metrics);
    CHECK(metrics.at("page_reward_scale") == Approx(of_page).epsilon(1e-12));
    CHECK(metrics.at("item_reward_scale") == Approx(of_item).epsilon(1e-12));
    for (std::size_t r = 0; r < 4; ++r)
      for (std::size_t s = 0; s < 4; ++s) {
        const Score &now = pages.requests[r].pages[s].score, &then = before.requests[r].pages[s].score;
        CHECK(now.page_reward == Approx(of_page * then.page_reward));
        CHECK(now.slot_rewards[1] == Approx(of_item * then.slot_rewards[1]));
        CHECK(now.format_reward == then.format_reward);
      }
  }
  // What was saved goes on.
  RewardStreams again(StreamScale::running, 0.75);
  again.restore(streams.moments());
  Experience one = two_streams(9), other = two_streams(9);
  streams.scale(one, lanes);
  again.scale(other, lanes);
  CHECK(one.requests[3].pages[3].score.page_reward == other.requests[3].pages[3].score.page_reward);
}

TEST_CASE("fixed stream scales and streams without share or spread stay as they are") {
  LocalCommunicator alone;
  const LearnerLanes lanes(alone, 2);
  RewardStreams fixed(StreamScale::fixed, 0.5), page_only(StreamScale::running, 1);
  const Experience before = two_streams(1);
  Experience pages = before;
  fixed.scale(pages, lanes);
  Metrics metrics;
  fixed.report(metrics);
  CHECK(metrics.empty());
  CHECK(fixed.moments().empty());
  CHECK(pages.requests[0].pages[0].score.page_reward == before.requests[0].pages[0].score.page_reward);
  page_only.scale(pages, lanes);
  CHECK(pages.requests[0].pages[0].score.slot_rewards == before.requests[0].pages[0].score.slot_rewards);
  CHECK_THROWS_AS(fixed.restore(page_only.moments()), Error);
}

TEST_CASE("a run with running stream scales goes on from its state bit for bit") {
  PpoConfig config = shop_test::shop_config();
  config.stream_scale = StreamScale::running;
  config.page_share = 0.25;
  shop_test::ShopRun whole(config, 2);
  const auto expected = whole.run();
  shop_test::ShopRun first(config, 1);
  first.run(1);
  const Checkpoint saved = to_checkpoint(first.trainers(), first.pipeline().state(), {});
  CHECK(saved.numbers.at("stream.page.count") == 32);
  shop_test::ShopRun rest(config, 2);
  rest.pipeline().restore(from_checkpoint(rest.trainers(), saved));
  const auto reports = rest.run();
  REQUIRE(reports.size() + 1 == expected.size());
  for (std::size_t i = 0; i < reports.size(); ++i) CHECK(reports[i].metrics == expected[i + 1].metrics);
  CHECK(rest.parameters().parameters_sha256() == whole.parameters().parameters_sha256());
  CHECK(expected.back().metrics.at("item_reward_scale") != 1);
}

TEST_CASE("shaping moves advantages along the page and leaves returns and reported rewards alone") {
  PpoConfig config = shop_test::shop_config();
  config.whiten = false;
  config.lambda = 1;
  LocalCommunicator alone;
  const LearnerLanes lanes(alone, 1);
  Experience pages;
  pages.lanes = {0};
  LearningPage& page = pages.requests.emplace_back().pages.emplace_back();
  page.trajectory.tokens = {10, 20, 21, 11, 12};
  page.trajectory.spans.slots = {{0, 0, 0, 4, 1}, {0, 0, 1, 7, 2}};
  page.trajectory.spans.page_end = 4;
  page.trajectory.log_probs = page.old_log_probs = page.reference_log_probs = std::vector<float>(5, -1.0f);
  page.old_values = std::vector<float>(5, 0.0f);
  page.score.page_reward = 2;
  page.score.slot_rewards = {0, 0};
  TermScore& potential = page.score.terms.emplace_back();
  potential.name = kPotentialTerm;
  potential.slots_raw = {0.5f, -0.25f};
  Experience shaped = pages;
  const Metrics plain_metrics = assign_credit(config, 0, pages, lanes);
  config.shaping = 2;
  const Metrics shaped_metrics = assign_credit(config, 0, shaped, lanes);
  const LearningPage& learnt = shaped.requests[0].pages[0];
  CHECK(pages.requests[0].pages[0].returns == std::vector<float>{2, 2, 2, 2, 2});
  // Rewards 0, 1, -0.5, 0, 2 - 0.5: what is left to come from each token on.
  CHECK(learnt.returns == std::vector<float>{2, 2, 1, 1.5, 1.5});
  CHECK(learnt.total_reward == 2);
  CHECK(shaped_metrics.at("reward") == plain_metrics.at("reward"));
  shaped.requests[0].pages[0].score.terms.clear();
  CHECK_THROWS_AS(assign_credit(config, 0, shaped, lanes), Error);
}
