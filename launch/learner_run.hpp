#pragma once
// The learners' side of training one policy: the loop with its files.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/checkpoint/checkpoint_store.hpp"
#include "core/metrics/event_file.hpp"
#include "core/metrics/metrics_file.hpp"
#include "distributed/pipeline/pipeline.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "distributed/trainer.hpp"
#include "launch/alarm_file.hpp"
#include "launch/border_meeting.hpp"
#include "launch/held_out_judge.hpp"
#include "launch/own_work.hpp"
#include "launch/workbench.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

class Progress;

/// What a learner trains, as it begins.
struct LearnerStart {
  FlatParameters policy;
  std::optional<FlatParameters> critic;  ///< a separate one
};

/// All learners make it together. The first writes metrics, TensorBoard events, warnings and the final
/// policy; all write checkpoints.
class LearnerRun {
 public:
  /// Throws AgreedError if the training folder holds checkpoints and `resume` is not wanted.
  LearnerRun(Workbench& bench, const PolicyVariant& variant, LearnerStart start, bool resume);

  FlatParameters& parameters() { return parameters_; }
  Trainer& trainer() { return trainer_; }
  ModelPolicy& policy() { return policy_; }

  /// Trains on the pages of `source` to the end of the experiment, or, if a checkpoint is asked for or an
  /// alarm ends the run before, to the next border of an iteration; then there are no hashes.
  std::optional<CheckpointHashes> run(PageSource& source);

 private:
  struct Files {
    Files(const std::filesystem::path& folder, std::int64_t keep_iterations);
    MetricsFile metrics;
    EventFile events;
  };

  CheckpointedTrainers trainers() const { return {trainer_, critic_.get()}; }
  bool leads() const { return bench_.leads(); }
  void go_on_from(const Checkpoint& saved, Pipeline& pipeline);
  PipelineHooks hooks(Pipeline& pipeline, Progress& progress);
  void report(const IterationReport& report, Pipeline& pipeline, Progress& progress);
  /// Lets the watch see an iteration; says and keeps what is new.
  void watch_for_hacking(std::int64_t iteration, const Metrics& metrics);
  void keep_alarms(std::optional<std::int64_t> stopped_after = {}) const;
  CheckpointHashes save(Pipeline& pipeline);
  /// How good the current policy is, on the first learner.
  std::optional<CheckpointReward> reward_now();
  void write_rollouts_of(std::int64_t iteration, const Experience& pages) const;
  /// Seconds that this rank waited for other learners so far.
  double waited() const;
  /// Whether any learner heard the signal; they agree on it at the same iteration, and on who is slow.
  bool checkpoint_asked_for();
  /// How long each phase took on this rank, in times.json and in words.
  void report_times(const PhaseClock& clock) const;
  void finish();

  Workbench& bench_;
  const PolicyVariant& variant_;
  std::filesystem::path folder_;
  FlatParameters parameters_;
  std::optional<FlatParameters> critic_parameters_;  ///< of a separate critic
  CheckpointStore store_;
  ModelPolicy policy_;
  Trainer trainer_;
  std::unique_ptr<Trainer> critic_;    ///< of a separate critic
  std::optional<HeldOutJudge> judge_;  ///< of the first learner
  std::optional<Checkpoint> saved_;
  std::optional<Files> files_;  ///< of the first learner
  std::vector<std::string> metric_lines_;
  std::string warnings_;
  HackingWatch hacking_;                  ///< of the first learner, who knows what the judge says
  bool stop_on_alarm_ = false;            ///< at the next border
  std::filesystem::path best_said_;       ///< the checkpoint that was last called the best
  std::map<std::string, double> judged_;  ///< of the parameters after this iteration
  std::chrono::steady_clock::time_point lap_;
  BorderMeeting meeting_;
  OwnWork own_work_;
  std::vector<double> worked_;  ///< seconds in this iteration, by part
};

}  // namespace pagewright
