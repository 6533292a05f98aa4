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

void copy_state(const at::Tensor& from, const at::Tensor& to, const char* name) {
  require(from.defined() && from.sizes() == to.sizes() && from.scalar_type() == to.scalar_type(),
          "the saved state's {} are not of this model", name);
  to.copy_(from);
}

}  // namespace

Pipeline::Pipeline(PpoConfig config, PipelineParts parts, std::uint64_t seed)
    : config_(config),
      parts_(std::move(parts)),
      seed_(seed),
      draw_(parts_.requests, config_.requests, seed),
      kl_(config_.kl_control()),
      update_(config_, parts_.language, parts_.trainer, seed),
      watch_(pipeline_kl_alarm(kl_.config())),
      within_budget_(parts_.trainer.parameters().values().clone()) {
  require(parts_.trainer.parameters().config().value_head, "the policy needs a value head to be trained");
}

Experience Pipeline::experience(const PipelineHooks& hooks, Metrics& metrics) {
  const std::vector<KeyedRequest> requests = draw_.draw(static_cast<std::uint64_t>(iteration_));
  SampleOptions options;
  options.seed = seed_;
  options.iteration = static_cast<std::uint64_t>(iteration_);
  options.samples = config_.samples;
  std::vector<Trajectory> trajectories = parts_.generator.generate(requests, options);

  std::vector<KeyedRequest> scored;
  for (const KeyedRequest& request : requests)
    scored.insert(scored.end(), static_cast<std::size_t>(config_.samples), request);
  require(trajectories.size() == scored.size(), "the generator gave {} pages instead of {}",
          trajectories.size(), scored.size());
  std::vector<Score> scores = parts_.scorer.score(scored, trajectories);

  LanePool& pool = parts_.trainer.pool();
  Experience result = gather_experience(parts_.language, requests, std::move(trajectories), std::move(scores),
                                        config_.samples, config_.lanes, pool);
  evaluate_old(parts_.trainer.parameters().view(), parts_.language.vocabulary(), result, pool);
  metrics = assign_credit(config_, kl_.coefficient(), result);
  metrics["kl_coefficient"] = kl_.coefficient();
  metrics["pages_drawn"] = static_cast<double>(result.pages());
  if (hooks.on_experience) hooks.on_experience(iteration_, result);
  return result;
}

bool Pipeline::stop_if_over_budget(double kl_per_page) {
  at::Tensor values = parts_.trainer.parameters().values();
  if (!kl_.over_budget(kl_per_page)) {
    within_budget_.copy_(values);
    return false;
  }
  values.copy_(within_budget_);
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
  report.metrics.merge(update_.run(pages, static_cast<std::uint64_t>(iteration_), kl_.coefficient()));
  kl_.update(kl_per_page, static_cast<double>(pages.pages()));
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
    if (hooks.interrupted && hooks.interrupted()) return false;
  }
  if (!stopped_) finish(measure_final(hooks));
  return true;
}

PipelineState Pipeline::state() const {
  const FlatParameters& parameters = parts_.trainer.parameters();
  return {iteration_,
          kl_.coefficient(),
          stopped_,
          parameters.step(),
          parameters.version(),
          parameters.values().clone(),
          parameters.first_moment().clone(),
          parameters.second_moment().clone(),
          within_budget_.clone()};
}

void Pipeline::restore(const PipelineState& state) {
  FlatParameters& parameters = parts_.trainer.parameters();
  copy_state(state.values, parameters.values(), "parameters");
  copy_state(state.first_moment, parameters.first_moment(), "first moments");
  copy_state(state.second_moment, parameters.second_moment(), "second moments");
  copy_state(state.within_budget, within_budget_, "parameters within the hard stop");
  parameters.set_step(state.optimizer_step);
  parameters.set_version(state.policy_version);
  kl_.set_coefficient(state.kl_coefficient);
  iteration_ = state.iteration;
  stopped_ = state.stopped;
}

}  // namespace pagewright
