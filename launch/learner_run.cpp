#include "launch/learner_run.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/progress.hpp"
#include "core/model/lora.hpp"
#include "distributed/agreement.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "distributed/pipeline/reward_streams.hpp"
#include "distributed/pipeline/rollout_file.hpp"
#include "launch/model_folder.hpp"
#include "launch/run_identity.hpp"

namespace pagewright {

namespace {

constexpr std::int64_t kJudgeEvery = 5;  ///< iterations

/// An earlier attempt at the iteration, with more learners, left the pages of their lanes.
void remove_parts_of_more_ranks(const std::filesystem::path& folder, std::int64_t iteration, int ranks) {
  for (int rank = ranks;; ++rank) {
    const std::filesystem::path part = folder / fmt::format("iteration-{:06}.rank-{}.h5", iteration, rank);
    if (!std::filesystem::remove(part)) return;
  }
}

std::string progress_note(const Metrics& metrics) {
  const auto value = [&](const char* name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? 0.0 : found->second;
  };
  return fmt::format("reward {:.3f}, KL {:.2f} nats a page", value("reward"), value("kl_per_page"));
}

}  // namespace

LearnerRun::Files::Files(const std::filesystem::path& folder, std::int64_t keep_iterations)
    : metrics((make_folders(folder), folder / "metrics.jsonl"), keep_iterations),
      events(folder / "tensorboard",
             keep_iterations > 0 ? std::optional<std::int64_t>(keep_iterations) : std::nullopt) {}

LearnerRun::LearnerRun(Workbench& bench, const PolicyVariant& variant, LearnerStart start, bool resume)
    : bench_(bench),
      variant_(variant),
      folder_(bench.run().training(variant.name)),
      parameters_(std::move(start.policy)),
      critic_parameters_(std::move(start.critic)),
      store_(folder_ / "checkpoints",
             run_identity(bench.loaded(), variant.name, parameters_,
                          critic_parameters_ ? &*critic_parameters_ : nullptr),
             bench.experiment().checkpoints_kept, bench.experiment().best_checkpoint_kept),
      policy_(
          bench.language(), [this] { return parameters_.view(); }, bench.pool(), variant.name),
      trainer_(bench.learners(), parameters_, bench.experiment().ppo_optimizer, bench.pool(),
               bench.experiment().lanes(), bench.experiment().ppo.policy_steps(), bench.sharding()),
      hacking_(bench.experiment().watch),
      // The ranks that learn come first, so that a learner's number is its rank.
      meeting_(bench.learners(), OwnWork::parts(), [&bench](int rank) { return bench.name_of(rank); }) {
  if (critic_parameters_)
    critic_ = std::make_unique<Trainer>(
        bench.learners(), *critic_parameters_, bench.experiment().critic.optimizer, bench.pool(),
        bench.experiment().lanes(), bench.experiment().ppo.optimizer_steps(), bench.sharding());
  on_first_rank(bench.learners(), [&] {
    require(resume || store_.folders().empty(),
            "{} holds checkpoints; go on with `train --resume`, or remove the folder", folder_.string());
    if (std::filesystem::exists(bench.run().reward(kJudgeName))) judge_.emplace(bench);
  });
  if (resume) saved_ = load_checkpoint(bench.learners(), store_);
}

void LearnerRun::go_on_from(const Checkpoint& saved, Pipeline& pipeline) {
  pipeline.restore(from_checkpoint(trainers(), saved));
  metric_lines_ = saved.metrics;
  // The closing measurement of a finished run is taken again.
  if (saved.numbers.at("stopped") == 0 && metric_lines_.size() > static_cast<std::size_t>(saved.iteration))
    metric_lines_.resize(static_cast<std::size_t>(saved.iteration));
  for (const std::string& line : metric_lines_) {
    const MetricsRecord record = parse_metrics_line(line);
    for (const std::string& warning : pipeline.recall(record.iteration, record.metrics))
      warnings_ += warning + "\n";
    hacking_.observe(record.iteration, record.metrics);
  }
  log_info("{}: resumed after {} iterations", variant_.name, saved.iteration);
}

void LearnerRun::write_rollouts_of(std::int64_t iteration, const Experience& pages) const {
  const int every = bench_.experiment().rollouts_every;
  if (every == 0 || iteration % every != 0) return;
  make_folders(folder_ / "rollouts");
  if (leads()) remove_parts_of_more_ranks(folder_ / "rollouts", iteration, bench_.learners().size());
  const std::string rank = leads() ? "" : fmt::format(".rank-{}", bench_.learners().rank());
  write_rollouts(folder_ / "rollouts" / fmt::format("iteration-{:06}{}.h5", iteration, rank), iteration,
                 pages);
}

/// By the judge, who looks at the parameters as they are. Without one by the newest pages, which the
/// parameters before the last update made, unless the run went back behind those.
std::optional<CheckpointReward> LearnerRun::reward_now() {
  if (!leads()) return std::nullopt;
  if (judge_ && judged_.empty()) judged_ = judge_->measure(policy_);
  const Metrics metrics = judge_ ? judged_ : parse_metrics_line(metric_lines_.back()).metrics;
  if (metrics.contains("stopped")) return std::nullopt;
  if (!judge_) {
    const std::optional<double> reward = unscaled_reward(metrics);
    return reward ? std::optional(CheckpointReward{"reward", *reward}) : std::nullopt;
  }
  const auto reward = metrics.find("held_out_reward");
  if (reward == metrics.end() || !std::isfinite(reward->second)) return std::nullopt;
  return CheckpointReward{reward->first, reward->second};
}

CheckpointHashes LearnerRun::save(Pipeline& pipeline) {
  Checkpoint part = to_checkpoint(trainers(), pipeline.state(), metric_lines_);
  part.reward = reward_now();
  const CheckpointHashes hashes = save_checkpoint(trainers(), store_, part);
  const auto best = leads() && bench_.experiment().best_checkpoint_kept ? store_.best() : std::nullopt;
  if (best && best->folder == store_.folder_of(part.iteration) && best->folder != best_said_) {
    best_said_ = best->folder;
    log_info("{}: the best checkpoint so far is {}, {} {:.4f}", variant_.name, best_said_.filename().string(),
             best->reward.metric, best->reward.value);
  }
  return hashes;
}

void LearnerRun::keep_alarms(std::optional<std::int64_t> stopped_after) const {
  write_alarms(folder_ / "alarms.json", {hacking_.alarms(), stopped_after});
}

void LearnerRun::watch_for_hacking(std::int64_t iteration, const Metrics& metrics) {
  const std::vector<Alarm> alarms = hacking_.observe(iteration, metrics);
  for (const Alarm& alarm : alarms) {
    log_warn(LogTag{"alarm"}, "{}, iteration {}: {}. What to do: {}", variant_.name, alarm.iteration,
             alarm.sentence, alarm.action);
    stop_on_alarm_ = stop_on_alarm_ || alarm.stops;
  }
  if (!alarms.empty()) keep_alarms();
}

void LearnerRun::report(const IterationReport& report, Pipeline& pipeline, Progress& progress) {
  Metrics metrics = report.metrics;
  metrics.insert(judged_.begin(), judged_.end());
  metric_lines_.push_back(canonical_metrics_line(report.iteration, metrics));
  if (files_) {
    const auto now = std::chrono::steady_clock::now();
    files_->metrics.append(report.iteration, metrics, std::chrono::duration<double>(now - lap_).count());
    files_->events.add(report.iteration, metrics);
    lap_ = now;
    for (const std::string& warning : report.warnings) {
      warnings_ += warning + "\n";
      log_warn(LogTag{"numerics"}, "{}, {}", variant_.name, warning);
    }
    watch_for_hacking(report.iteration, metrics);
  }
  worked_ = own_work_.end(pipeline.clock().seconds(), waited());
  bench_.set_iteration(report.iteration + 1);
  if (!report.learnt) return;
  progress.advance(1, progress_note(report.metrics));
  if ((report.iteration + 1) % bench_.experiment().checkpoint_every == 0) save(pipeline);
}

PipelineHooks LearnerRun::hooks(Pipeline& pipeline, Progress& progress) {
  PipelineHooks hooks;
  hooks.on_experience = [this](std::int64_t iteration, const Experience& pages) {
    write_rollouts_of(iteration, pages);
  };
  // The judge is asked at the start, from time to time, and at the end.
  hooks.held_out_reward = [this](std::int64_t iteration) -> std::optional<double> {
    judged_.clear();
    if (!judge_ || (iteration % kJudgeEvery != 0 && iteration != bench_.experiment().ppo.iterations))
      return std::nullopt;
    judged_ = judge_->measure(policy_);
    const auto reward = judged_.find("held_out_reward");
    return reward == judged_.end() ? std::nullopt : std::optional(reward->second);
  };
  hooks.interrupted = [this] { return checkpoint_asked_for(); };
  hooks.on_report = [this, &pipeline, &progress](const IterationReport& done) {
    report(done, pipeline, progress);
  };
  return hooks;
}

void LearnerRun::report_times(const PhaseClock& clock) const {
  double all = 0;
  for (const auto& [phase, seconds] : clock.seconds()) all += seconds;
  std::string text;
  for (const auto& [phase, seconds] : clock.seconds())
    text +=
        fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", phase, 100 * seconds / std::max(all, 1e-9));
  log_info("{}: {} in the loop: {}", variant_.name, duration_text(all), text);
  const nlohmann::json times = {
      {"ranks", bench_.world().size()}, {"seconds", clock.seconds()}, {"learners_waited", waited()}};
  write_file_atomically(folder_ / "times.json", times.dump(2) + "\n");
}

void LearnerRun::finish() {
  write_file_atomically(folder_ / "warnings.txt", warnings_);
  const std::filesystem::path policy = bench_.run().policy(variant_.name);
  ModelFolderInfo info{"policy",
                       bench_.language().hash(),
                       parameters_.version(),
                       {{"made_by", "train"}, {"alpha", fmt::format("{}", variant_.alpha)}},
                       std::nullopt};
  if (parameters_.frozen())
    save_adapters(policy, parameters_, "warmup", info);
  else
    save_model(policy, parameters_.view(), info);
  if (critic_) {
    info.kind = "critic";
    save_model(bench_.run().file("critics") / variant_.name, merged_weights(critic_parameters_->view()),
               info);
  }
  fmt::print("policy {} is in {}\n", variant_.name, policy.string());
}

double LearnerRun::waited() const {
  double seconds = 0;
  for (const auto& [operation, total] : bench_.learners().totals()) seconds += total.seconds;
  return seconds;
}

bool LearnerRun::checkpoint_asked_for() {
  const auto iteration = static_cast<std::int64_t>(metric_lines_.size()) - 1;
  const bool asked = meeting_.meet(iteration, worked_, checkpoint_was_asked_for() || stop_on_alarm_);
  own_work_.begin(waited());
  return asked;
}

std::optional<CheckpointHashes> LearnerRun::run(PageSource& source) {
  const Experiment& experiment = bench_.experiment();
  PpoConfig ppo = experiment.ppo;
  ppo.page_share = variant_.alpha;
  Pipeline pipeline(ppo,
                    {bench_.language(), training_requests(bench_.log()), source, trainer_, critic_.get()},
                    experiment.seed);
  if (saved_) go_on_from(*saved_, pipeline);
  on_first_rank(bench_.learners(), [&] {
    files_.emplace(folder_, static_cast<std::int64_t>(metric_lines_.size()));
    keep_alarms();
  });
  Progress progress(variant_.name, experiment.ppo.iterations);
  progress.advance(saved_ ? saved_->iteration : 0);
  lap_ = std::chrono::steady_clock::now();
  own_work_.begin(waited());
  if (!pipeline.run(hooks(pipeline, progress))) {
    save(pipeline);
    if (leads() && stop_on_alarm_) keep_alarms(pipeline.iterations_done());
    return std::nullopt;
  }
  if (pipeline.stopped())
    log_warn(
        "{}: stopped after {} of {} iterations, more than {} nats a page from the warm-up; the last policy "
        "within that is kept. "
        "A smaller ppo.optimizer.learning_rate or a larger ppo.kl_coefficient lets it run on",
        variant_.name, pipeline.iterations_done(), experiment.ppo.iterations, experiment.ppo.kl.hard_stop);
  const CheckpointHashes hashes = save(pipeline);
  on_first_rank(bench_.learners(), [&] {
    report_times(pipeline.clock());
    finish();
  });
  return hashes;
}

}  // namespace pagewright
