#include "launch/policy_training.hpp"

#include <optional>

#include "core/base/log.hpp"
#include "distributed/agreement.hpp"
#include "distributed/transport/received_page_source.hpp"
#include "distributed/transport/role_workers.hpp"
#include "launch/learner_run.hpp"
#include "launch/reward_setup.hpp"
#include "launch/timed_worker.hpp"
#include "launch/warm_start.hpp"
#include "rewards/reward_worker.hpp"

namespace pagewright {

namespace {

/// The frozen start policy and the terms: what scores pages.
class Scoring {
 public:
  Scoring(Workbench& bench, const PolicyVariant& variant, const WarmStart& start)
      : rewards_(bench, variant),
        start_(start.reference()),
        reference_(
            bench.language(), [this, device = bench.device()] { return start_.view().on(device); },
            bench.pool(), "warmup"),
        worker_(bench.language(), reference_, rewards_.terms(), bench.experiment().rewards.invalid) {}
  RewardWorker& worker() { return worker_; }

 private:
  RewardSetup rewards_;
  FlatParameters start_;
  ModelPolicy reference_;
  RewardWorker worker_;
};

LearnerStart learner_start(const Workbench& bench, const WarmStart& start) {
  LearnerStart learner{start.policy(), std::nullopt};
  if (bench.experiment().critic.separate()) learner.critic.emplace(start.critic());
  return learner;
}

RequestDraw training_draw(Workbench& bench) {
  const PpoConfig& ppo = bench.experiment().ppo;
  return {training_requests(bench.log()), ppo.requests, ppo.lanes, bench.experiment().seed};
}

void generate_pages(Workbench& bench, const std::string& name, FlatParameters start) {
  const Experiment& experiment = bench.experiment();
  WeightReplica weights(*bench.weight_group(), std::move(start));
  ModelPolicy policy(bench.language(), [&weights] { return weights.view(); }, bench.pool(), name);
  RequestDraw draw = training_draw(bench);
  SampleOptions options;
  options.seed = experiment.seed;
  options.samples = experiment.ppo.samples;
  WorkerBorder border(bench, Role::rollout, "generate");
  TimedGenerator generator(policy, border.timer());
  RolloutDuty duty{
      bench.world(), bench.topology(), weights, generator, draw, options, [&border](std::int64_t iteration) {
        border.pass(iteration);
      }};
  const WorkerReport report = duty.run();
  log_info("{}: generated {} pages in {} iterations", name, report.pages, report.iterations);
}

void score_pages(Workbench& bench, const std::string& name, Scoring& scoring) {
  RequestDraw draw = training_draw(bench);
  WorkerBorder border(bench, Role::reward, "score");
  TimedScorer scorer(scoring.worker(), border.timer());
  RewardDuty duty{bench.world(),
                  bench.topology(),
                  bench.language(),
                  scorer,
                  draw,
                  bench.experiment().ppo.samples,
                  [&border](std::int64_t iteration) { border.pass(iteration); }};
  const WorkerReport report = duty.run();
  log_info("{}: scored {} pages in {} iterations", name, report.pages, report.iterations);
}

}  // namespace

std::optional<CheckpointHashes> train_policy(Workbench& bench, const PolicyVariant& variant, bool resume) {
  const int rank = bench.world().rank();
  const bool splits = bench.topology().placement() == Placement::split;
  std::optional<LearnerStart> learnt;
  std::optional<FlatParameters> generates;
  std::optional<Scoring> scoring;
  on_all_ranks(bench.world(), [&] {
    bench.log();
    const WarmStart start(bench);
    if (bench.learns()) learnt.emplace(learner_start(bench, start));
    if (splits && bench.topology().has_role(Role::rollout, rank)) generates.emplace(start.policy());
    if (bench.topology().has_role(Role::reward, rank)) scoring.emplace(bench, variant, start);
  });
  std::optional<LearnerRun> learner;
  if (learnt) learner.emplace(bench, variant, *std::move(learnt), resume);
  if (!splits) {
    LocalPageSource source(learner->policy(), scoring->worker());
    return learner->run(source);
  }
  if (generates) generate_pages(bench, variant.name, *std::move(generates));
  if (scoring) score_pages(bench, variant.name, *scoring);
  if (!learner) return CheckpointHashes{};
  ReceivedPageSource source(bench.world(), bench.topology(), learner->trainer().learner_lanes(),
                            bench.language(), learner->parameters(), bench.weight_group(),
                            bench.experiment().ppo.max_staleness);
  return learner->run(source);
}

}  // namespace pagewright
