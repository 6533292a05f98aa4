#include "tests/programs/training_steps/ppo_steps.hpp"

#include <functional>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "core/base/rng.hpp"
#include "distributed/pipeline/pipeline.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/reward_model.hpp"
#include "rewards/models/reward_scale.hpp"
#include "rewards/reward_worker.hpp"
#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rollout/engine/model_policy.hpp"
#include "tests/programs/training_steps/page_json.hpp"

namespace pagewright::steps {
namespace {

/// Tells of every optimizer step, after which the pipeline lets its source move on.
class StepSource final : public PageSource {
 public:
  StepSource(PageSource& source, std::function<void()> after_step)
      : source_(source), after_step_(std::move(after_step)) {}
  void order(std::span<const KeyedRequest> requests, const SampleOptions& options,
             PhaseClock& clock) override {
    source_.order(requests, options, clock);
  }
  ScoredPages take(PhaseClock& clock) override { return source_.take(clock); }
  void progress() override {
    source_.progress();
    after_step_();
  }
  void close() override { source_.close(); }

 private:
  PageSource& source_;
  std::function<void()> after_step_;
};

/// What pages earn: the share of distinct categories, and per slot what an item model of random weights says.
class StepScorer {
 public:
  StepScorer(const StepsBench& bench, Policy& reference)
      : item_model_(reward_model_config(bench.experiment().policy_model(), {kItemHead})),
        worker_(bench.language(), reference, terms(bench), bench.experiment().rewards.invalid) {}
  Scorer& worker() { return worker_; }

 private:
  std::vector<WeightedTerm> terms(const StepsBench& bench) {
    item_model_.initialise(bench.experiment().seed + 2);
    disturb(item_model_, /*key=*/2, /*deviation=*/0.1);
    const LearnedTermContext context{bench.language().vocabulary(), scale_, bench.pool()};
    return {{std::make_shared<DiversityTerm>(), 0.5},
            {std::make_shared<LearnedItemTerm>(context, item_model_.view()), 0.5}};
  }

  RewardScale scale_;
  FlatParameters item_model_;
  RewardWorker worker_;
};

/// Requests of every optimizer step of an iteration: mini-batches take equal shares of each lane, whose
/// requests are shuffled anew for each pass.
nlohmann::json steps_json(const Experiment& experiment, const Experience& experience,
                          std::int64_t iteration) {
  const PpoConfig& config = experiment.ppo;
  const std::size_t lanes = experience.lanes.size(), per_lane = experience.requests.size() / lanes,
                    share = per_lane / static_cast<std::size_t>(config.mini_batches);
  std::vector<std::vector<std::size_t>> steps(static_cast<std::size_t>(config.epochs * config.mini_batches));
  for (std::size_t pass = 0; pass < static_cast<std::size_t>(config.epochs); ++pass)
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      std::vector<std::size_t> requests(per_lane);
      std::iota(requests.begin(), requests.end(), lane * per_lane);
      CounterRandom(experiment.seed, RandomStream::shuffle, static_cast<std::uint64_t>(iteration), lane, pass)
          .shuffle(std::span(requests));
      for (std::size_t place = 0; place < share * static_cast<std::size_t>(config.mini_batches); ++place)
        steps[pass * static_cast<std::size_t>(config.mini_batches) + place / share].push_back(
            requests[place]);
    }
  return steps;
}

nlohmann::json experience_json(const Experience& experience) {
  nlohmann::json requests = nlohmann::json::array();
  for (const LearningRequest& request : experience.requests) {
    nlohmann::json pages = nlohmann::json::array();
    for (const LearningPage& page : request.pages) pages.push_back(page_json(page));
    requests.push_back({{"prompt", prompt_json(request.prompt)}, {"pages", std::move(pages)}});
  }
  return requests;
}

std::vector<const Request*> train_requests(const FeedbackLog& log) {
  std::vector<const Request*> requests;
  for (const LoggedRequest& logged : log.requests)
    if (logged.split == Split::train) requests.push_back(&logged.request);
  return requests;
}

}  // namespace

void take_ppo_steps(const StepsBench& bench, const std::filesystem::path& folder) {
  const Experiment& experiment = bench.experiment();
  make_folders(folder);
  FlatParameters parameters = bench.start_policy(), start = bench.start_policy();
  disturb(start, /*key=*/3, /*deviation=*/0.02);
  ModelPolicy policy(bench.language(), [&] { return parameters.view(); }, bench.pool(), "policy");
  ModelPolicy reference(bench.language(), [&] { return start.view(); }, bench.pool(), "reference");
  StepScorer scorer(bench, reference);
  Trainer trainer(bench.alone(), parameters, experiment.ppo_optimizer, bench.pool(), experiment.lanes(),
                  experiment.ppo.optimizer_steps());
  LocalPageSource pages(policy, scorer.worker());
  StepSource source(pages, [&] { write_step(folder, trainer); });
  Pipeline pipeline(experiment.ppo, {bench.language(), train_requests(bench.log()), source, trainer},
                    experiment.seed);

  nlohmann::json iterations = nlohmann::json::array();
  PipelineHooks hooks;
  hooks.on_experience = [&](std::int64_t iteration, const Experience& experience) {
    iterations.push_back({{"requests", experience_json(experience)},
                          {"steps", steps_json(experiment, experience, iteration)}});
  };
  hooks.on_report = [&](const IterationReport& report) {
    iterations.back()["metrics"] = report.metrics;
    if (!report.learnt) iterations.back()["steps"] = nlohmann::json::array();
  };
  write_step(folder, trainer);
  pipeline.run(hooks);
  write_file_atomically(folder / "steps.json", nlohmann::json({{"iterations", iterations}}).dump());
}

}  // namespace pagewright::steps
