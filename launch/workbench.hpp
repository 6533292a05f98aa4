#pragma once
// What every training verb starts with: the experiment, its run folder, its language, threads, and the log.

#include <memory>

#include "core/base/parallel.hpp"
#include "core/data/feedback_log.hpp"
#include "core/page/page_language.hpp"
#include "distributed/communicator.hpp"
#include "launch/config_options.hpp"
#include "launch/run_folder.hpp"

namespace pagewright {

class Workbench {
 public:
  /// Loads the configuration, opens the run folder, starts the threads.
  explicit Workbench(const ConfigOptions& options);

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
  RunFolder run_;
  PageLanguage language_;
  std::unique_ptr<LanePool> pool_;
  LocalCommunicator communicator_;
  std::unique_ptr<FeedbackLog> log_;
};

}  // namespace pagewright
