#include <iostream>
#include <thread>

#include "distributed/local_communicator.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "rewards/models/correlation.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/item_task.hpp"
#include "rewards/models/page_task.hpp"
#include "rewards/models/reward_scale.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "tests/rewards/models/models_support.hpp"
#include "tests/rewards/simulator/simulator_support.hpp"
#include "tests/support/catch.hpp"

namespace pagewright {
namespace {

void fit_epochs(SupervisedTask& task, FlatParameters& parameters, int epochs, LanePool& pool) {
  LocalCommunicator alone;
  const SupervisedConfig loop{.epochs = epochs, .batch = 64, .seed = 1};
  Trainer trainer(alone, parameters, {.learning_rate = 1e-3}, pool, 8,
                  supervised_steps(task.examples(), loop));
  run_supervised(trainer, task, loop);
}

TEST_CASE("item scores learnt from clicks follow true attractiveness on uniformly random held-out pages",
          "[.long]") {
  const PageLanguage language = models_test::quickstart_language();
  const World world = test::small_world(/*seed=*/1, /*pages=*/12000, /*test_requests=*/2000);
  const FeedbackLog log = simulate_log(world);
  const GainConfig config;
  const GainWeights gains = gain_weights(config, log);
  const ItemGains item_gains(config, log);
  const auto pool = make_lane_pool(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  const auto pages = [&](Split split) {
    return PageTaskData{feedback_pages(log, language.schema(), config, split), {}};
  };
  FlatParameters page_model(
      models_test::quickstart_model(language, page_model_heads(PageModelForm::utility)));
  page_model.initialise(2);
  PageModelTask page_task(language, log, pages(Split::train), pages(Split::valid), {}, config.label_smoothing,
                          gains, 1, *pool);
  fit_epochs(page_task, page_model, 3, *pool);

  FlatParameters parameters(models_test::quickstart_model(language, {kItemHead}));
  parameters.initialise(3);
  CHECK(parameters.load_shared(page_model.view()) ==
        std::ssize(parameters.slots()) - 2);  // all but the item head
  ItemModelTask task(language, log, make_swap_pairs(log, item_gains, Split::train),
                     make_swap_pairs(log, item_gains, Split::valid), {}, 1, *pool);
  fit_epochs(task, parameters, 1, *pool);

  std::vector<RequestPages> groups;
  std::vector<double> truth;
  for (std::size_t r = 0; r < log.requests.size(); ++r) {
    if (log.requests[r].split != Split::test) continue;
    const Request& request = log.requests[r].request;
    Page page = test::uniform_page(world, request, r);
    for (const SlotTruth& slot : world.truth(request, page).slots) truth.push_back(slot.attractiveness);
    groups.push_back(
        models_test::encoded_pages(language, request, static_cast<std::int64_t>(r), {std::move(page)}));
  }
  REQUIRE(groups.size() == 2000);
  const RewardScale unscaled;
  std::vector<double> scores;
  for (const PageScores& page :
       score_items({language.vocabulary(), unscaled, *pool}, parameters.view(), groups))
    scores.insert(scores.end(), page.slots.begin(), page.slots.end());
  REQUIRE(scores.size() == truth.size());
  const double correlation = pearson_correlation(scores, truth);
  std::cout << "correlation of item scores with true attractiveness over " << scores.size()
            << " slots: " << correlation << "\n";
  CHECK(correlation >= 0.5);
}

}  // namespace
}  // namespace pagewright
