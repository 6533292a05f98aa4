#include "launch/line_up.hpp"

#include "core/base/log.hpp"
#include "launch/model_folder.hpp"
#include "rewards/baselines/greedy_reward_policy.hpp"
#include "rewards/baselines/oracle_policy.hpp"
#include "rewards/baselines/page_model_rewards.hpp"
#include "rewards/simulator/world_file.hpp"
#include "rollout/baselines/last_touched.hpp"
#include "rollout/baselines/logged_policy.hpp"
#include "rollout/baselines/popularity.hpp"
#include "rollout/baselines/price_ascending.hpp"
#include "rollout/baselines/random_policy.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

ShownPages first_pages(const FeedbackLog& log) {
  ShownPages shown;
  for (const LoggedPage& page : log.pages) shown.try_emplace(page.request, page.page);
  return shown;
}

}  // namespace

std::unique_ptr<World> world_of_log(const Experiment& experiment) {
  if (!std::filesystem::exists(experiment.log / kWorldFile)) return nullptr;
  return std::make_unique<World>(load_world(experiment.log));
}

LineUp::LineUp(Workbench& bench, const World* world) {
  const PageLanguage& language = bench.language();
  const FeedbackLog& log = bench.log();
  const ShownPages shown = first_pages(log);
  add("random", std::make_unique<RandomPolicy>(language));
  add("logged", std::make_unique<LoggedPolicy>(language, shown));
  add("price_ascending", make_price_ascending_policy(language));
  add("popularity",
      make_popularity_policy(language, count_training_engagements(log), bench.experiment().seed));
  add("last_touched", make_last_touched_policy(language, shown));
  for (const char* name : {"imitation", "warmup"}) add_model(bench, name);
  for (const PolicyVariant& variant : bench.experiment().policies) add_model(bench, variant.name);
  if (bench.experiment().evaluation.greedy_reward) add_greedy_reward(bench);
  if (world)
    add("oracle", std::make_unique<OraclePolicy>(*world, language.vocabulary(), OracleGoal::utility,
                                                 gain_weights(bench.experiment().rewards.gains, log)));
}

void LineUp::add(std::string name, std::unique_ptr<Policy> policy) {
  entries_.push_back({std::move(name), std::move(policy)});
}

void LineUp::add_model(Workbench& bench, const std::string& name) {
  const std::filesystem::path folder = bench.run().policy(name);
  if (!std::filesystem::exists(folder)) {
    log_info("no policy '{}' in this run yet; it is left out", name);
    return;
  }
  auto parameters = std::make_shared<FlatParameters>(
      load_model(folder, bench.experiment().policy_model(), "policy", bench.language().hash())
          .on(bench.device()));
  add(name, std::make_unique<ModelPolicy>(
                bench.language(), [parameters] { return parameters->view(); }, bench.pool(), name));
}

void LineUp::add_greedy_reward(Workbench& bench) {
  const RewardsConfig& config = bench.experiment().rewards;
  rewards_ = std::make_unique<FittedRewards>(load_rewards(bench, config.page.form));
  const LearnedTermContext context{bench.language().vocabulary(), rewards_->scale, bench.pool()};
  add("greedy_reward",
      std::make_unique<GreedyRewardPolicy>(
          bench.language(), page_model_rewards(bench.language(), context, rewards_->page.view(),
                                               config.page.form, gain_weights(config.gains, bench.log()))));
}

std::vector<NamedPolicy> LineUp::named() const {
  std::vector<NamedPolicy> policies;
  for (const Entry& entry : entries_) policies.push_back({entry.name, entry.policy.get()});
  return policies;
}

}  // namespace pagewright
