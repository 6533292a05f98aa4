#pragma once
// What the steps are taken with: a small simulated shop, its log, and policies that start away from all
// neutral values.

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/data/feedback_log.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/page/page_language.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/trainer.hpp"
#include "launch/experiment.hpp"

namespace pagewright::steps {

class StepsBench {
 public:
  explicit StepsBench(Experiment experiment);

  const Experiment& experiment() const { return experiment_; }
  const PageLanguage& language() const { return language_; }
  const FeedbackLog& log() const { return log_; }
  LanePool& pool() const { return *pool_; }
  Communicator& alone() const { return alone_; }

  /// A policy with noise of deviation 0.1 on every parameter, the same in every call: norms are not 1, biases
  /// and the value head not 0.
  FlatParameters start_policy() const;

 private:
  Experiment experiment_;
  PageLanguage language_;
  FeedbackLog log_;
  std::unique_ptr<LanePool> pool_;
  mutable LocalCommunicator alone_;
};

/// Adds noise to every parameter, keyed by `key`.
void disturb(FlatParameters& parameters, std::uint64_t key, double deviation);

/// Writes FOLDER/step-N.safetensors, N the optimizer steps taken: every parameter by its name, and AdamW's
/// moments as first_moment.NAME and second_moment.NAME.
void write_step(const std::filesystem::path& folder, const Trainer& trainer);

}  // namespace pagewright::steps
