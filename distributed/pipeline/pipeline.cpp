#include "distributed/pipeline/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "distributed/pipeline/page_credit.hpp"
#include "distributed/pipeline/page_evaluation.hpp"

namespace pagewright {
namespace {

double pipeline_kl_alarm(const KlControlConfig& kl) {
  return kl.hard_stop > 0 ? kl.hard_stop : 2 * kl.target;
}

}  // namespace

Pipeline::Pipeline(PpoConfig config, PipelineParts parts, std::uint64_t seed)
    : config_(config),
      parts_(std::move(parts)),
      seed_(seed),
      draw_(parts_.requests, config_.requests, config_.lanes, seed),
      kl_(config_.kl_control()),
      update_(config_, parts_.language, parts_.trainer, seed),
      watch_(pipeline_kl_alarm(kl_.config())),
      within_budget_(parts_.trainer.shard_of_values()) {
  require(parts_.trainer.parameters().config().value_head, "the policy needs a value head to be trained");
}

Experience Pipeline::experience(const PipelineHooks& hooks, Metrics& metrics) {
  const LearnerLanes& lanes = parts_.trainer.learner_lanes();
  const std::vector<KeyedRequest> requests = draw_.draw(static_cast<std::uint64_t>(iteration_), lanes.own());
  SampleOptions options;
  options.seed = seed_;
  options.iteration = static_cast<std::uint64_t>(iteration_);
  options.samples = config_.samples;
  ScoredPages pages = parts_.source.pages(requests, options, clock_);

  LanePool& pool = parts_.trainer.pool();
  Experience result = clock_.time("evaluate", [&] {
    Experience gathered = gather_experience(parts_.language, requests, std::move(pages.trajectories),
                                            std::move(pages.scores), config_.samples, lanes.own(), pool);
    evaluate_old(parts_.trainer.parameters().view(), parts_.language.vocabulary(), gathered, pool);
    return gathered;
  });
  metrics = clock_.time("credit", [&] { return assign_credit(config_, kl_.coefficient(), result, lanes); });
  metrics["kl_coefficient"] = kl_.coefficient();
  if (hooks.on_experience) hooks.on_experience(iteration_, result);
  return result;
}

bool Pipeline::stop_if_over_budget(double kl_per_page) {
  if (!kl_.over_budget(kl_per_page)) {
    within_budget_ = parts_.trainer.shard_of_values();
    return false;
  }
  TrainerShard shard = parts_.trainer.shard();
  shard.values = within_budget_;
  parts_.trainer.restore(shard);
  parts_.trainer.parameters().bump_version();
  stopped_ = true;
  return true;
}

IterationReport Pipeline::iterate(const PipelineHooks& hooks) {
  IterationReport report;
  report.iteration = iteration_;
  const Experience pages = experience(hooks, report.metrics);
  const double kl_per_page = report.metrics.at("kl_per_page");
  if (stop_if_over_budget(kl_per_page)) {
    report.metrics["stopped"] = 1;
    report.learnt = false;
    return report;
  }
  report.metrics.merge(clock_.time("learn", [&] {
    return update_.run(pages, static_cast<std::uint64_t>(iteration_), kl_.coefficient());
  }));
  kl_.update(kl_per_page, static_cast<double>(config_.pages()));
  ++iteration_;
  return report;
}

IterationReport Pipeline::measure_final(const PipelineHooks& hooks) {
  IterationReport report;
  report.iteration = iteration_;
  report.learnt = false;
  experience(hooks, report.metrics);
  if (stop_if_over_budget(report.metrics.at("kl_per_page"))) report.metrics["stopped"] = 1;
  return report;
}

void Pipeline::warn(IterationReport& report, const PipelineHooks& hooks) {
  std::optional<double> held_out;
  if (hooks.held_out_reward) held_out = hooks.held_out_reward(report.iteration);
  if (held_out) report.metrics["held_out_reward"] = *held_out;
  report.warnings = watch_.observe(report.iteration, report.metrics, held_out);
}

std::vector<std::string> Pipeline::recall(std::int64_t iteration, const Metrics& metrics) {
  const auto held_out = metrics.find("held_out_reward");
  return watch_.observe(iteration, metrics,
                        held_out == metrics.end() ? std::nullopt : std::optional(held_out->second));
}

bool Pipeline::run(const PipelineHooks& hooks) {
  const auto finish = [&](IterationReport report) {
    warn(report, hooks);
    if (hooks.on_report) hooks.on_report(report);
  };
  while (!stopped_ && iteration_ < config_.iterations) {
    finish(iterate(hooks));
    if (hooks.interrupted && hooks.interrupted()) {
      parts_.source.close();
      return false;
    }
  }
  if (!stopped_) finish(measure_final(hooks));
  parts_.source.close();
  return true;
}

PipelineState Pipeline::state() const {
  const FlatParameters& parameters = parts_.trainer.parameters();
  return {iteration_,
          kl_.coefficient(),
          stopped_,
          parameters.step(),
          parameters.version(),
          parts_.trainer.shard(),
          within_budget_.clone()};
}

void Pipeline::restore(const PipelineState& state) {
  require(state.within_budget.defined() && state.within_budget.sizes() == within_budget_.sizes(),
          "the saved state's parameters within the hard stop are not of this model");
  FlatParameters& parameters = parts_.trainer.parameters();
  parts_.trainer.restore(state.shard);
  within_budget_ = state.within_budget.clone();
  parameters.set_step(state.optimizer_step);
  parameters.set_version(state.policy_version);
  kl_.set_coefficient(state.kl_coefficient);
  iteration_ = state.iteration;
  stopped_ = state.stopped;
}

}  // namespace pagewright
