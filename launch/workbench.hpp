#pragma once
// What every training verb starts with: the experiment, its run folder, its language, threads, ranks, and the
// log.

#include <memory>

#include "core/base/parallel.hpp"
#include "core/data/feedback_log.hpp"
#include "core/page/page_language.hpp"
#include "distributed/failure/watchdog.hpp"
#include "distributed/job.hpp"
#include "distributed/recording_communicator.hpp"
#include "distributed/topology.hpp"
#include "launch/config_options.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {

/// Whether a verb may begin a run, or works on what others left.
enum class RunUse { begin, existing };

class Workbench {
 public:
  ~Workbench();
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  /// Loads the configuration, opens the run folder, starts the threads. With RunUse::begin the folder is made
  /// if it is not there, but only once the log was read, so that a wrong log leaves nothing behind.
  Workbench(const ConfigOptions& options, RunUse use);
  /// The same on all ranks of a job, which make it together: an error on any comes out of all. Ranks with
  /// another configuration, another program or other arithmetic are refused.
  Workbench(const ConfigOptions& options, RunUse use, Job& job);

  const Experiment& experiment() const { return loaded_.experiment; }
  const LoadedExperiment& loaded() const { return loaded_; }
  const RunFolder& run() const { return run_; }
  const PageLanguage& language() const { return language_; }
  LanePool& pool() { return *pool_; }
  /// Where this process computes: all parameters lie there.
  c10::Device device() const { return device_; }
  /// The feedback log, read at the first call. Throws Error if it has no page of the training split.
  const FeedbackLog& log();

  Communicator& world() { return recorded_world_ ? *recorded_world_ : world_; }
  const Topology& topology() const { return topology_; }
  /// Whether this process learns; rollout and reward ranks of a split placement do not.
  bool learns() const { return learners_ != nullptr; }
  /// The learners, on one of them.
  RecordingCommunicator& learners() const;
  /// The first learner, as rank 0, and the rollout ranks of a split placement; null elsewhere.
  Communicator* weight_group() { return weight_group_.get(); }
  /// The ranks that share the role of this rollout or reward rank of a split placement, in order; null
  /// elsewhere.
  Communicator* fellow_workers() { return fellow_workers_.get(); }
  /// How messages name a rank: "rollout 1 (rank 3 on node2)".
  std::string name_of(int rank) const;
  /// Tells the flight record and the recorder of the learners' operations which iteration is under way.
  void set_iteration(std::int64_t iteration);
  /// Runs what a verb does on this rank; how it ends is written into the flight record.
  void run_recorded(const std::function<void()>& work);
  /// Whether this process writes files and speaks for all.
  bool leads() const { return world_.rank() == 0; }
  /// How learners share their work.
  const ShardingConfig& sharding() const { return experiment().distributed.sharding; }

 private:
  Workbench(const ConfigOptions& options, RunUse use, Communicator& world, Job* job);
  RecordingOptions recording(FlightGroup group) const;
  /// Log, flight record and watchdog of one of several ranks.
  void start_logs(Job& job);

  LocalCommunicator alone_;
  Communicator& world_;
  LoadedExperiment loaded_;
  Topology topology_;
  c10::Device device_;
  std::unique_ptr<FeedbackLog> log_;
  RunFolder run_;
  PageLanguage language_;
  std::unique_ptr<LanePool> pool_;
  std::vector<std::string> hosts_;  ///< by rank, if there are several

  std::unique_ptr<FlightRecord> flight_;  ///< of one of several ranks
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<RecordingCommunicator> recorded_world_;
  std::unique_ptr<Communicator> learner_group_;
  std::unique_ptr<RecordingCommunicator> learners_;
  std::unique_ptr<Communicator> fellow_workers_;
  std::unique_ptr<Communicator> weight_members_;
  std::unique_ptr<RecordingCommunicator> weight_group_;
};

}  // namespace pagewright
