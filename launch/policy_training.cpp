#include "launch/policy_training.hpp"

#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/progress.hpp"
#include "core/checkpoint/checkpoint_store.hpp"
#include "core/metrics/event_file.hpp"
#include "core/metrics/metrics_file.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/pipeline/pipeline.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "distributed/pipeline/rollout_file.hpp"
#include "launch/held_out_judge.hpp"
#include "launch/line_up.hpp"
#include "launch/model_folder.hpp"
#include "launch/reward_fitting.hpp"
#include "rewards/reward_worker.hpp"
#include "rewards/terms/diversity_term.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rewards/terms/oracle_term.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

/// The rewards of one policy, connected.
class RewardSetup {
 public:
  RewardSetup(Workbench& bench, const PolicyVariant& variant)
      : form_(variant.page_form.value_or(bench.experiment().rewards.page.form)),
        fitted_(load_rewards(bench, form_)),
        world_(bench.experiment().oracle_weight != 0 ? world_of_log(bench.experiment()) : nullptr) {
    const Experiment& experiment = bench.experiment();
    const GainWeights gains = gain_weights(experiment.rewards.gains, bench.log());
    const LearnedTermContext context{bench.language().vocabulary(), fitted_.scale, bench.pool()};
    if (variant.alpha > 0)
      terms_.push_back(
          {std::make_shared<LearnedPageTerm>(context, fitted_.page.view(), form_, gains,
                                             variant.item_credit.value_or(experiment.rewards.item_credit)),
           variant.alpha});
    if (variant.alpha < 1)
      terms_.push_back({std::make_shared<LearnedItemTerm>(context, fitted_.item.view()), 1 - variant.alpha});
    if (experiment.diversity_weight != 0)
      terms_.push_back({std::make_shared<DiversityTerm>(), experiment.diversity_weight});
    if (experiment.oracle_weight != 0) {
      require(world_ != nullptr, "rewards.oracle needs a simulated log; {} is none", experiment.log.string());
      terms_.push_back({std::make_shared<OracleTerm>(*world_, gains), experiment.oracle_weight});
    }
  }

  const std::vector<WeightedTerm>& terms() const { return terms_; }

 private:
  PageModelForm form_;
  FittedRewards fitted_;
  std::unique_ptr<World> world_;
  std::vector<WeightedTerm> terms_;
};

std::vector<const Request*> training_requests(const FeedbackLog& log) {
  std::vector<const Request*> requests;
  for (const LoggedRequest& logged : log.requests)
    if (logged.split == Split::train) requests.push_back(&logged.request);
  return requests;
}

RunIdentity identity_of(const Workbench& bench, const PolicyVariant& variant) {
  std::string text = variant.name;
  for (const auto& [path, value] : bench.loaded().values)
    if (differing_keys({{path, value}}, {{path, value + "?"}}).size() == 1)
      text += fmt::format("\n{}: {}", path, value);
  return {sha256_hex(text), bench.language().hash(), numeric_fingerprint()};
}

/// Files that a training run writes while it goes.
struct TrainingFiles {
  TrainingFiles(const std::filesystem::path& folder, std::int64_t keep_iterations)
      : metrics((make_folders(folder), folder / "metrics.jsonl"), keep_iterations),
        events(folder / "tensorboard",
               keep_iterations > 0 ? std::optional<std::int64_t>(keep_iterations) : std::nullopt) {}
  MetricsFile metrics;
  EventFile events;
};

std::string progress_note(const Metrics& metrics) {
  const auto value = [&](const char* name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? 0.0 : found->second;
  };
  return fmt::format("reward {:.3f}, KL {:.2f} nats a page", value("reward"), value("kl_per_page"));
}

}  // namespace

TrainingHashes train_policy(Workbench& bench, const PolicyVariant& variant, bool resume) {
  const Experiment& experiment = bench.experiment();
  const std::filesystem::path folder = bench.run().training(variant.name);
  const CheckpointStore store(folder / "checkpoints", identity_of(bench, variant),
                              experiment.checkpoints_kept);
  const auto saved = resume ? store.load_latest() : std::nullopt;
  require(resume || store.folders().empty(),
          "{} holds checkpoints; go on with `train --resume`, or remove the folder", folder.string());

  const ModelConfig shape = experiment.policy_model();
  const std::string& language = bench.language().hash();
  FlatParameters parameters = load_model(bench.run().policy("warmup"), shape, "policy", language);
  const FlatParameters reference_parameters =
      load_model(bench.run().policy("warmup"), shape, "policy", language);
  const RewardSetup rewards(bench, variant);
  std::optional<HeldOutJudge> judge;
  if (std::filesystem::exists(bench.run().reward(kJudgeName))) judge.emplace(bench);

  ModelPolicy policy(
      bench.language(), [&parameters] { return parameters.view(); }, bench.pool(), variant.name);
  ModelPolicy reference(
      bench.language(), [&reference_parameters] { return reference_parameters.view(); }, bench.pool(),
      "warmup");
  RewardWorker scorer(bench.language(), reference, rewards.terms(), experiment.rewards.invalid);
  Trainer trainer(bench.communicator(), parameters, experiment.ppo_optimizer, bench.pool(),
                  experiment.lanes(), experiment.ppo.optimizer_steps());
  Pipeline pipeline(experiment.ppo,
                    {bench.language(), training_requests(bench.log()), policy, scorer, trainer},
                    experiment.seed);
  std::vector<std::string> metric_lines;
  std::string warnings;
  if (saved) {
    pipeline.restore(from_checkpoint(parameters, *saved));
    metric_lines = saved->metrics;
    // The closing measurement of a finished run is taken again.
    if (saved->numbers.at("stopped") == 0 && metric_lines.size() > static_cast<std::size_t>(saved->iteration))
      metric_lines.resize(static_cast<std::size_t>(saved->iteration));
    for (const std::string& line : metric_lines) {
      const MetricsRecord record = parse_metrics_line(line);
      for (const std::string& warning : pipeline.recall(record.iteration, record.metrics))
        warnings += warning + "\n";
    }
    log_info("{}: resumed after {} iterations", variant.name, saved->iteration);
  }

  TrainingFiles files(folder, static_cast<std::int64_t>(metric_lines.size()));
  Progress progress(variant.name, experiment.ppo.iterations);
  progress.advance(saved ? saved->iteration : 0);
  auto started = std::chrono::steady_clock::now();
  PipelineHooks hooks;
  // The judge is asked at the start, at every fifth iteration, and at the end.
  std::map<std::string, double> judged;
  hooks.held_out_reward = [&](std::int64_t iteration) -> std::optional<double> {
    judged.clear();
    if (!judge || (iteration % 5 != 0 && iteration != experiment.ppo.iterations)) return std::nullopt;
    judged = judge->measure(policy);
    const auto reward = judged.find("held_out_reward");
    return reward == judged.end() ? std::nullopt : std::optional(reward->second);
  };
  if (experiment.rollouts_every > 0) {
    make_folders(folder / "rollouts");
    hooks.on_experience = [&](std::int64_t iteration, const Experience& pages) {
      if (iteration % experiment.rollouts_every == 0)
        write_rollouts(folder / "rollouts" / fmt::format("iteration-{:06}.h5", iteration), iteration, pages);
    };
  }
  hooks.on_report = [&](const IterationReport& report) {
    Metrics metrics = report.metrics;
    metrics.merge(judged);
    const auto now = std::chrono::steady_clock::now();
    files.metrics.append(report.iteration, metrics, std::chrono::duration<double>(now - started).count());
    files.events.add(report.iteration, metrics);
    started = now;
    metric_lines.push_back(canonical_metrics_line(report.iteration, metrics));
    for (const std::string& warning : report.warnings) {
      warnings += warning + "\n";
      log_warn(LogTag{"numerics"}, "{}, {}", variant.name, warning);
    }
    if (report.learnt) {
      progress.advance(1, progress_note(report.metrics));
      if ((report.iteration + 1) % experiment.checkpoint_every == 0)
        store.save(to_checkpoint(parameters, pipeline.state(), metric_lines));
    }
  };
  pipeline.run(hooks);
  if (pipeline.state().stopped)
    log_warn(
        "{}: stopped after {} of {} iterations, more than {} nats a page from the warm-up; the last policy "
        "within that is kept. "
        "A smaller ppo.optimizer.learning_rate or a larger ppo.kl_coefficient lets it run on",
        variant.name, pipeline.state().iteration, experiment.ppo.iterations, experiment.ppo.kl.hard_stop);

  const Checkpoint last = to_checkpoint(parameters, pipeline.state(), metric_lines);
  store.save(last);
  write_file_atomically(folder / "warnings.txt", warnings);
  save_model(bench.run().policy(variant.name), parameters.view(),
             {"policy",
              language,
              parameters.version(),
              {{"made_by", "train"}, {"alpha", fmt::format("{}", variant.alpha)}}});
  fmt::print("policy {} is in {}\n", variant.name, bench.run().policy(variant.name).string());
  return {state_sha256(last), parameters_sha256(last)};
}

}  // namespace pagewright
