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
      schedule_(config_, parts_.language, parts_.source, parts_.trainer.learner_lanes(),
                RequestDraw(parts_.requests, config_.requests, config_.lanes, seed), seed),
      kl_(config_.kl_control()),
      streams_(config_.stream_scale, config_.page_share),
      constraints_(config_.constraints),
      update_(config_, parts_.language, parts_.trainer, seed, parts_.critic),
      watch_(pipeline_kl_alarm(kl_.config())),
      within_budget_(parts_.trainer.shard_of_values()) {
  const bool policy_values = parts_.trainer.parameters().config().value_head;
  require(policy_values != (parts_.critic != nullptr) &&
              (!parts_.critic || parts_.critic->parameters().config().value_head),
          "either the policy or a separate critic needs a value head, not both");
  require(!parts_.critic || parts_.critic->lanes() == parts_.trainer.lanes(),
          "policy and critic must have equally many lanes");
}

Experience Pipeline::experience(const PipelineHooks& hooks, Metrics& metrics) {
  const LearnerLanes& lanes = parts_.trainer.learner_lanes();
  LanePool& pool = parts_.trainer.pool();
  OrderedPages drawn = schedule_.next(iteration_, parts_.trainer.parameters().version(), clock_);
  Experience result = clock_.time("evaluate", [&] {
    Experience gathered = gather_experience(
        parts_.language, schedule_.requests(iteration_), std::move(drawn.pages.trajectories),
        std::move(drawn.pages.scores), config_.samples, lanes.own(), pool);
    std::optional<WeightsView> critic;
    if (parts_.critic) critic = parts_.critic->parameters().view();
    evaluate_old(parts_.trainer.parameters().view(), critic, parts_.language.vocabulary(), gathered, pool);
    return gathered;
  });
  metrics = clock_.time("credit", [&] {
    streams_.scale(result, lanes);
    constraints_.price(result);
    return assign_credit(config_, kl_.coefficient(), result, lanes);
  });
  streams_.report(metrics);
  constraints_.report(metrics);
  metrics["kl_coefficient"] = kl_.coefficient();
  if (config_.max_staleness > 0) metrics["staleness"] = static_cast<double>(iteration_ - drawn.ordered_in);
  if (hooks.on_experience) hooks.on_experience(iteration_, result);
  return result;
}

bool Pipeline::stop_if_over_budget(Metrics& metrics) {
  if (!kl_.over_budget(metrics.at("kl_per_page"))) {
    within_budget_ = parts_.trainer.shard_of_values();
    return false;
  }
  TrainerShard shard = parts_.trainer.shard();
  shard.values = within_budget_;
  parts_.trainer.restore(shard);
  parts_.trainer.parameters().bump_version();
  metrics["stopped"] = 1;
  if (const std::int64_t dropped = schedule_.drop_waiting(clock_); dropped > 0)
    metrics["pages_dropped"] = static_cast<double>(dropped * config_.pages());
  stopped_ = true;
  return true;
}

void Pipeline::learn(const Experience& pages, Metrics& metrics) {
  const PageUpdateReport update = clock_.time("learn", [&] {
    return update_.run(pages, static_cast<std::uint64_t>(iteration_), kl_.coefficient(),
                       [&] { parts_.source.progress(); });
  });
  metrics.insert(update.metrics.begin(), update.metrics.end());
  schedule_.ledger().learn(update.pages_of_lane);
  schedule_.ledger().check();
}

IterationReport Pipeline::iterate(const PipelineHooks& hooks) {
  IterationReport report;
  report.iteration = iteration_;
  const Experience pages = experience(hooks, report.metrics);
  if (stop_if_over_budget(report.metrics)) {
    report.learnt = false;
    account_measured();
    return report;
  }
  learn(pages, report.metrics);
  kl_.update(report.metrics.at("kl_per_page"), static_cast<double>(config_.pages()));
  constraints_.update(report.metrics);
  ++iteration_;
  return report;
}

void Pipeline::account_measured() {
  schedule_.ledger().measure(schedule_.pages_per_lane());
  schedule_.ledger().check();
}

IterationReport Pipeline::measure_final(const PipelineHooks& hooks) {
  IterationReport report;
  report.iteration = iteration_;
  report.learnt = false;
  const auto learnt = streams_.moments();
  experience(hooks, report.metrics);
  streams_.restore(learnt);  // a run that goes on draws these pages again
  stop_if_over_budget(report.metrics);
  account_measured();
  return report;
}

void Pipeline::warn(IterationReport& report, const PipelineHooks& hooks) {
  std::optional<double> held_out;
  if (hooks.held_out_reward) held_out = hooks.held_out_reward(report.iteration);
  if (held_out) report.metrics["held_out_reward"] = *held_out;
  report.warnings = watch_.observe(report.iteration, report.metrics);
}

std::vector<std::string> Pipeline::recall(std::int64_t iteration, const Metrics& metrics) {
  return watch_.observe(iteration, metrics);
}

bool Pipeline::run(const PipelineHooks& hooks) {
  const auto finish = [&](IterationReport report) {
    warn(report, hooks);
    if (hooks.on_report) hooks.on_report(report);
  };
  while (!stopped_ && iteration_ < config_.iterations) {
    finish(iterate(hooks));
    if (hooks.interrupted && hooks.interrupted()) {
      schedule_.collect(clock_);
      parts_.source.close();
      return false;
    }
  }
  if (!stopped_) finish(measure_final(hooks));
  parts_.source.close();
  return true;
}

PipelineState Pipeline::state() {
  const FlatParameters& parameters = parts_.trainer.parameters();
  PipelineState state;
  state.iteration = iteration_;
  state.kl_coefficient = kl_.coefficient();
  state.multipliers = constraints_.multipliers();
  state.streams = streams_.moments();
  state.stopped = stopped_;
  state.optimizer_step = parameters.step();
  state.policy_version = parameters.version();
  state.shard = parts_.trainer.shard();
  if (parts_.critic) {
    state.critic_step = parts_.critic->parameters().step();
    state.critic = parts_.critic->shard();
  }
  state.within_budget = within_budget_.clone();
  state.waiting = schedule_.waiting(clock_);
  return state;
}

void Pipeline::restore(const PipelineState& state) {
  require(state.within_budget.defined() && state.within_budget.sizes() == within_budget_.sizes(),
          "the saved state's parameters within the hard stop are not of this model");
  FlatParameters& parameters = parts_.trainer.parameters();
  require(state.critic.has_value() == (parts_.critic != nullptr), "the saved state has {} critic",
          state.critic ? "a separate" : "no separate");
  parts_.trainer.restore(state.shard);
  if (parts_.critic) {
    parts_.critic->restore(*state.critic);
    parts_.critic->parameters().set_step(state.critic_step);
  }
  within_budget_ = state.within_budget.clone();
  parameters.set_step(state.optimizer_step);
  parameters.set_version(state.policy_version);
  kl_.set_coefficient(state.kl_coefficient);
  constraints_.restore(state.multipliers);
  streams_.restore(state.streams);
  iteration_ = state.iteration;
  stopped_ = state.stopped;
  schedule_.restore(iteration_, state.waiting);
}

}  // namespace pagewright
