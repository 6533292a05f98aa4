#pragma once
// An experiment as its YAML file describes it: the one place that knows all sections.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config/config_file.hpp"
#include "core/model/model_config.hpp"
#include "core/page/page_language.hpp"
#include "distributed/compute_device.hpp"
#include "distributed/distributed_config.hpp"
#include "distributed/pipeline/critic_config.hpp"
#include "distributed/pipeline/hacking_watch.hpp"
#include "distributed/pipeline/ppo_config.hpp"
#include "distributed/precision_config.hpp"
#include "distributed/warmup/warmup_config.hpp"
#include "rewards/models/reward_config.hpp"
#include "rewards/simulator/simulator_config.hpp"
#include "rewards/terms/term_config.hpp"

namespace pagewright {

/// One policy that `train` makes from the warm-up: which reward it learns from. What it does not say for
/// itself is as `rewards` has it, in the effective configuration too, which can therefore be run in its
/// place.
struct PolicyVariant {
  std::string name = "both";
  double alpha = 0.5;  ///< weight of the page reward
  PageModelForm page_form = PageModelForm::utility;
  ItemCredit item_credit = ItemCredit::head;
};

struct EvaluationConfig {
  int requests = 0;            ///< held-out requests at most; 0: all
  int bootstrap = 2000;        ///< resamples by user
  bool greedy_reward = false;  ///< a row for pages that the page model alone composes, greedily
  int cutoff = 10;             ///< k of NDCG@k, Recall@k, Hit@k
};

struct Experiment {
  std::filesystem::path run;   ///< run folder
  std::filesystem::path log;   ///< feedback log folder
  std::int64_t log_pages = 0;  ///< pages of the log that are read at most; 0: all
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores, or one where a device computes
  DeviceChoice device = DeviceChoice::cpu;
  bool allow_oracle = false;      ///< may a reward term look at the simulator's truth
  double oracle_weight = 0;       ///< weight of the oracle term
  double diversity_weight = 0;    ///< weight of the rule term on distinct categories
  std::vector<TermConfig> terms;  ///< `rewards.terms`
  CandidateOrderKind candidate_order = CandidateOrderKind::shuffled;
  PageSchema schema;
  PromptTemplate prompt;
  ModelConfig model;
  WarmupConfig warmup;
  RewardsConfig rewards;
  std::optional<ModelConfig> reward_backbone;  ///< `rewards.model`
  PpoConfig ppo;
  OptimizerConfig ppo_optimizer;
  CriticConfig critic;
  std::optional<ModelConfig> critic_backbone;  ///< `critic.model`
  bool reference_on_host = false;              ///< between uses
  WatchConfig watch;
  int checkpoint_every = 10;
  int checkpoints_kept = 2;
  bool best_checkpoint_kept = true;
  int rollouts_every = 10;  ///< iterations between written rollouts; 0: none
  std::vector<PolicyVariant> policies;
  DistributedConfig distributed;
  PrecisionConfig precision;
  EvaluationConfig evaluation;
  SimulatorConfig simulator;

  PageLanguage language() const;
  /// The policy's model: the backbone of `model` with vocabulary, layout head and value head filled in.
  ModelConfig policy_model() const;
  /// Backbone and vocabulary of reward models: those of the policy unless `rewards.model` says otherwise.
  ModelConfig reward_model() const;
  /// Shape of a separate critic: the backbone of the policy unless `critic.model` says otherwise.
  ModelConfig critic_model() const;
  /// compute_device() of `device`, which determinism must allow. Throws Error.
  c10::Device compute_on(const AcceleratorReport& found, int place = 0) const;
  /// Threads of one of `ranks` processes on this machine, which computes on `on`.
  int worker_threads(int ranks = 1, c10::Device on = c10::kCPU) const;
  /// Fixed number of parts of every batch, `ppo.lanes`.
  int lanes() const { return ppo.lanes; }
};

/// Reads every section; problems are collected in `root`.
Experiment read_experiment(const Section& root);

/// An experiment with the text of its effective configuration (defaults written out, commented).
struct LoadedExperiment {
  Experiment experiment;
  ConfigFile file;
  std::string effective_yaml;
  std::map<std::string, std::string> values;  ///< key path -> value in force, as YAML
};
/// Throws one Error that names all problems of the file and the command line.
LoadedExperiment load_experiment(const std::filesystem::path& file, std::span<const std::string> sets);

/// Text of docs/configuration.md, made from the same source.
std::string experiment_reference();

}  // namespace pagewright
