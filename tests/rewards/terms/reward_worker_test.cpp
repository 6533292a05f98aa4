#include "rewards/reward_worker.hpp"

#include <cmath>

#include "core/base/rng.hpp"
#include "core/iteration/page_walk.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

/// Every allowed token is as likely as every other.
class UniformTokenPolicy final : public Policy {
 public:
  explicit UniformTokenPolicy(const PageLanguage& language) : language_(language) {}
  std::string name() const override { return "uniform tokens"; }

  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override {
    std::vector<Trajectory> trajectories;
    for (const KeyedRequest& request : requests) {
      PageWalk walk(language_, request, options);
      for (int sample = 0; sample < options.samples; ++sample, walk.restart()) {
        CounterRandom random(options.seed, RandomStream::sampling, options.iteration,
                             static_cast<std::uint64_t>(request.key), static_cast<std::uint64_t>(sample));
        while (!walk.finished()) {
          const auto count = walk.allowed().size();
          walk.take(walk.allowed()[random.below(count)], static_cast<float>(-std::log(count)));
        }
        trajectories.push_back(walk.trajectory(sample));
      }
    }
    return trajectories;
  }

  std::vector<std::vector<float>> log_probs(std::span<const KeyedRequest> requests,
                                            std::span<const Trajectory> trajectories) override {
    std::vector<std::vector<float>> result;
    for (std::size_t i = 0; i < trajectories.size(); ++i) {
      const auto masks =
          language_.grammar(*requests[i].request, trajectories[i].order).masks(trajectories[i].tokens);
      auto& of_page = result.emplace_back();
      for (std::size_t t = 0; t < trajectories[i].tokens.size(); ++t)
        of_page.push_back(static_cast<float>(-std::log(masks.offsets[t + 1] - masks.offsets[t])));
    }
    return result;
  }

 private:
  const PageLanguage& language_;
};

/// Two pages each for six requests of the simulated shop, with models and a scale to score them.
struct RewardScene {
  PageLanguage language = models_test::quickstart_language();
  FeedbackLog log = simulate_log(test::small_world(4, 120, 20));
  FlatParameters page = models_test::noisy_model(
      models_test::quickstart_model(language, page_model_heads(PageModelForm::utility)), 3);
  FlatParameters item = models_test::noisy_model(models_test::quickstart_model(language, {kItemHead}), 5);
  GainWeights gains{1, 5, 1, 3000};
  std::unique_ptr<LanePool> pool = make_lane_pool(2);
  UniformTokenPolicy uniform{language};
  std::vector<KeyedRequest> requests;  // of the trajectories
  std::vector<Trajectory> trajectories;
  RewardScale scale;

  RewardScene() {
    std::vector<KeyedRequest> drawn;
    for (std::int64_t r = 0; r < 6; ++r)
      drawn.push_back({&log.requests[static_cast<std::size_t>(r)].request, r});
    SampleOptions options;
    options.samples = 2;
    trajectories = uniform.generate(drawn, options);
    for (const KeyedRequest& request : drawn) requests.insert(requests.end(), 2, request);
    const RewardScale none;
    const LearnedTermContext unscaled{language.vocabulary(), none, *pool};
    const GroupedPages grouped = group_pages(language, requests, trajectories);
    scale =
        fit_reward_scale(score_pages(unscaled, page.view(), PageModelForm::utility, gains, grouped.groups),
                         score_items(unscaled, item.view(), grouped.groups), 100);
  }

  LearnedTermContext context() const { return {language.vocabulary(), scale, *pool}; }
  std::shared_ptr<RewardTerm> page_term(ItemCredit credit) const {
    return std::make_shared<LearnedPageTerm>(context(), page.view(), PageModelForm::utility, gains, credit);
  }
  std::shared_ptr<RewardTerm> item_term() const {
    return std::make_shared<LearnedItemTerm>(context(), item.view());
  }
};

double total_reward(const Score& score) {
  double sum = score.page_reward + score.format_reward;
  for (float slot : score.slot_rewards) sum += slot;
  return sum;
}

TEST_CASE("a page's rewards add up to the weighted sum of what its terms say") {
  RewardScene scene;
  const std::vector<WeightedTerm> terms{{scene.page_term(ItemCredit::head), 0.5},
                                        {scene.item_term(), 0.25},
                                        {std::make_shared<DiversityTerm>(), 2.0}};
  RewardWorker worker(scene.language, scene.uniform, terms, -1);
  const auto scores = worker.score(scene.requests, scene.trajectories);
  REQUIRE(scores.size() == 12);
  const auto groups = group_pages(scene.language, scene.requests, scene.trajectories);
  std::vector<double> expected(12);
  for (const WeightedTerm& term : terms) {
    const auto said = term.term->score(groups.groups);
    REQUIRE(said.size() == 12);
    for (std::size_t i = 0; i < 12; ++i) {
      expected[i] += term.weight * said[i].page;
      for (float slot : said[i].slots) expected[i] += term.weight * slot;
    }
  }
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(total_reward(scores[i]) == Approx(expected[i]).margin(1e-5));
    CHECK(scores[i].terms.size() == 3);
    CHECK(scores[i].format_reward == 0);
    CHECK(scores[i].slot_rewards.size() == 8);
    CHECK(scores[i].reference_log_probs == scene.trajectories[i].log_probs);
  }
}

TEST_CASE("a page that breaks the schema earns what is set for it and nothing else") {
  RewardScene scene;
  RewardWorker worker(scene.language, scene.uniform,
                      {{scene.page_term(ItemCredit::head), 0.5}, {scene.item_term(), 0.5}}, -1.5);
  const auto before = worker.score(scene.requests, scene.trajectories);
  scene.trajectories[3].invalid_cause = "too_many_ads";
  const auto scores = worker.score(scene.requests, scene.trajectories);
  CHECK(scores[3].invalid_cause == "too_many_ads");
  CHECK(scores[3].page_reward == 0);
  CHECK(scores[3].slot_rewards == std::vector<float>(8, 0.0F));
  CHECK(scores[3].format_reward == -1.5F);
  CHECK(scores[3].terms.empty());
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (i != 3) CHECK(total_reward(scores[i]) == total_reward(before[i]));
}

TEST_CASE("gains paid at the slots add up to what is paid at the page's end") {
  RewardScene scene;
  const auto groups = group_pages(scene.language, scene.requests, scene.trajectories).groups;
  const auto at_end = scene.page_term(ItemCredit::head)->score(groups);
  const auto at_slots = scene.page_term(ItemCredit::utility)->score(groups);
  for (std::size_t i = 0; i < at_end.size(); ++i) {
    double sum = 0;
    for (float slot : at_slots[i].slots) sum += slot;
    CHECK(at_slots[i].page == 0);
    CHECK(at_end[i].slots.empty());
    CHECK(sum == Approx(at_end[i].page).margin(1e-4));
  }
}

TEST_CASE("scores do not depend on the pages that are scored beside them, nor on threads") {
  RewardScene scene;
  const auto groups = group_pages(scene.language, scene.requests, scene.trajectories).groups;
  const auto all = score_items(scene.context(), scene.item.view(), groups);
  std::size_t page = 0;
  for (const RequestPages& group : groups)
    for (const PageScores& alone : score_items(scene.context(), scene.item.view(), std::span(&group, 1))) {
      CHECK(alone.slots == all[page].slots);
      ++page;
    }
  const auto one_thread = make_lane_pool(1);
  const auto again =
      score_items({scene.language.vocabulary(), scene.scale, *one_thread}, scene.item.view(), groups);
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(again[i].slots == all[i].slots);
}

}  // namespace
}  // namespace pagewright
