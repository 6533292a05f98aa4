#pragma once
// What every training verb starts with: the experiment, its run folder, its language, threads, and the log.

#include <memory>

#include "core/base/parallel.hpp"
#include "core/data/feedback_log.hpp"
#include "core/page/page_language.hpp"
#include "distributed/local_communicator.hpp"
#include "launch/config_options.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {

/// Whether a verb may begin a run, or works on what others left.
enum class RunUse { begin, existing };

class Workbench {
 public:
  /// Loads the configuration, opens the run folder, starts the threads. With RunUse::begin the folder is made
  /// if it is not there, but only once the log was read, so that a wrong log leaves nothing behind.
  Workbench(const ConfigOptions& options, RunUse use);

  const Experiment& experiment() const { return loaded_.experiment; }
  const LoadedExperiment& loaded() const { return loaded_; }
  const RunFolder& run() const { return run_; }
  const PageLanguage& language() const { return language_; }
  LanePool& pool() { return *pool_; }
  Communicator& communicator() { return communicator_; }
  /// The feedback log, read at the first call. Throws Error if it has no page of the training split.
  const FeedbackLog& log();

 private:
  LoadedExperiment loaded_;
  std::unique_ptr<FeedbackLog> log_;
  RunFolder run_;
  PageLanguage language_;
  std::unique_ptr<LanePool> pool_;
  LocalCommunicator communicator_;
};

}  // namespace pagewright
