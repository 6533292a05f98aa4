#pragma once
// The loop: draws requests, lets pages be generated and scored, learns from them.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/page/page_language.hpp"
#include "distributed/pipeline/constraints.hpp"
#include "distributed/pipeline/experience.hpp"
#include "distributed/pipeline/metrics.hpp"
#include "distributed/pipeline/page_schedule.hpp"
#include "distributed/pipeline/page_update.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/pipeline/reward_streams.hpp"
#include "distributed/pipeline/training_watch.hpp"
#include "distributed/trainer.hpp"

namespace pagewright {

/// What the loop connects. References must outlive the pipeline. The model of the trainer's parameters has a
/// value head, or there is a critic that has one. The source sees the trainer's parameters and the frozen
/// start policy by its own means.
struct PipelineParts {
  const PageLanguage& language;
  std::vector<const Request*> requests;  ///< to train on
  PageSource& source;
  Trainer& trainer;
  Trainer* critic = nullptr;
};

/// Everything that a run needs to go on bit for bit, besides the scorer's own: this learner's part of it.
/// Random numbers need no state: they are keyed by the iteration.
struct PipelineState {
  std::int64_t iteration = 0;  ///< iterations done
  double kl_coefficient = 0;
  std::map<std::string, double> multipliers;  ///< of constraints, by the term's name
  std::map<std::string, Moments> streams;     ///< with running stream scales
  bool stopped = false;                       ///< by the hard stop
  std::int64_t optimizer_step = 0;
  std::int64_t policy_version = 0;
  TrainerShard shard;
  std::int64_t critic_step = 0;  ///< of a separate critic
  std::optional<TrainerShard> critic;
  at::Tensor within_budget;  ///< [S] the newest parameters whose divergence was measured and within the hard
                             ///< stop
  std::vector<WaitingLane> waiting;  ///< pages ordered and not learnt yet (Note [Staleness])
};

/// What happened in an iteration.
struct IterationReport {
  std::int64_t iteration = 0;  ///< from 0
  Metrics metrics;             ///< with "stopped" if the hard stop was reached
  std::vector<std::string> warnings;
  bool learnt = true;  ///< false for the measurement that ends a run
};

struct PipelineHooks {
  /// This rank's pages of an iteration with their rewards and advantages, before the update; those of the
  /// measurement that ends a run too.
  std::function<void(std::int64_t iteration, const Experience&)> on_experience;
  /// After every iteration: metrics files, progress, checkpoints (pipeline.state()).
  std::function<void(const IterationReport&)> on_report;
  /// Asked after every iteration and after the measurement that ends a run: the reward of the current policy
  /// on held-out feedback, or nothing when it is not to be measured now: the metric held_out_reward.
  std::function<std::optional<double>(std::int64_t iteration)> held_out_reward;
  /// Asked after every iteration: true ends the run there, to be resumed.
  std::function<bool()> interrupted;
};

/// The loop of a learner. All learners run it together, each with the pages of its own lanes; reports are the
/// same on all of them (but for held_out_reward and the warnings that follow from it, which only the ranks
/// whose hook measures it have).
class Pipeline {
 public:
  Pipeline(PpoConfig config, PipelineParts parts, std::uint64_t seed);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Runs the iterations that are left, then measures the final policy. If a divergence is over the hard
  /// stop, the run ends and the parameters become the last ones within it. Returns false if it was
  /// interrupted.
  bool run(const PipelineHooks& hooks = {});

  /// A copy; between iterations. With max_staleness all learners call it together, and wait for the pages
  /// that are under way.
  PipelineState state();
  /// Throws Error if the state is not of this model.
  void restore(const PipelineState& state);
  /// Lets the self-check see an iteration that an earlier process reported, in order, before run(). Returns
  /// the warnings that it gave then.
  std::vector<std::string> recall(std::int64_t iteration, const Metrics& metrics);

  const PpoConfig& config() const { return config_; }
  bool stopped() const { return stopped_; }
  std::int64_t iterations_done() const { return iteration_; }
  /// What became of the pages of this rank's lanes.
  const LaneLedger& ledger() const { return schedule_.ledger(); }
  /// Where the time went on this rank.
  const PhaseClock& clock() const { return clock_; }

 private:
  /// Steps 1 to 6 under the current parameters.
  Experience experience(const PipelineHooks& hooks, Metrics& metrics);
  /// Whether the hard stop was reached; then the parameters are back within it, and pages under way dropped.
  bool stop_if_over_budget(Metrics& metrics);
  void learn(const Experience& pages, Metrics& metrics);
  /// The pages at hand are not learnt.
  void account_measured();
  IterationReport iterate(const PipelineHooks& hooks);
  IterationReport measure_final(const PipelineHooks& hooks);
  void warn(IterationReport& report, const PipelineHooks& hooks);

  PpoConfig config_;
  PipelineParts parts_;
  PageSchedule schedule_;
  KlController kl_;
  RewardStreams streams_;
  Constraints constraints_;
  PageUpdate update_;
  TrainingWatch watch_;
  PhaseClock clock_;
  std::int64_t iteration_ = 0;
  bool stopped_ = false;
  at::Tensor within_budget_;  ///< [S]
};

}  // namespace pagewright
