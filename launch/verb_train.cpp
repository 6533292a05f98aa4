// `pagewright train`: PPO from the warm-up.

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/agreement.hpp"
#include "launch/alarm_file.hpp"
#include "launch/policy_training.hpp"
#include "launch/prompt_report.hpp"
#include "launch/requeue.hpp"
#include "launch/verbs.hpp"
#include "rewards/terms/term_list.hpp"

namespace pagewright {

namespace {

struct TrainOptions {
  std::string policy;
  bool resume = false;
};

constexpr const char* kAsked = "asked";

/// Why a run ended before its last iteration: kAsked, or the alarm in words.
std::string why_unfinished(const Workbench& bench, const PolicyVariant& variant) {
  const AlarmRecord record = read_alarms(bench.run().training(variant.name) / "alarms.json");
  if (!record.stopped_after) return kAsked;
  std::string text = fmt::format("{}: an alarm ended the run after {} iterations (watch.on_alarm: stop)",
                                 variant.name, *record.stopped_after);
  for (const Alarm& alarm : record.alarms)
    if (alarm.stops)
      text +=
          fmt::format(". Iteration {}: {}. What to do: {}", alarm.iteration, alarm.sentence, alarm.action);
  return text + ". A checkpoint is written; `train --resume` goes on in spite of the alarm";
}

void train(Workbench& bench, const TrainOptions& options) {
  const auto& policies = bench.experiment().policies;
  std::vector<PolicyVariant> chosen;
  std::string names;
  for (const PolicyVariant& variant : policies) {
    names += (names.empty() ? "" : ", ") + variant.name;
    if (options.policy.empty() || options.policy == variant.name) chosen.push_back(variant);
  }
  on_all_ranks(bench.world(), [&] {
    require(!chosen.empty(), "the experiment has no policy '{}'; its policies are {}", options.policy, names);
  });
  on_first_rank(bench.world(), [&] {
    report_prompt_lengths(bench.language(), bench.log());
    for (const std::string& sentence :
         unseen_constraints(bench.experiment().terms, bench.language().prompt_template()))
      log_warn("{}", sentence);
  });
  CheckpointHashes hashes;
  for (const PolicyVariant& variant : chosen) {
    const auto trained = train_policy(bench, variant, options.resume);
    std::string ended;
    on_first_rank(bench.world(), [&] {
      if (!trained) ended = why_unfinished(bench, variant);
    });
    ended = broadcast_text(bench.world(), ended, 0);
    if (!ended.empty() && ended != kAsked) throw AgreedError(ended, bench.world().size());
    if (!ended.empty())
      throw Requeue(
          fmt::format("{}: stopped as it was asked to, a checkpoint is written; go on with `train --resume`",
                      variant.name));
    hashes = *trained;
  }
  fmt::print("state sha256 {}\nparameters sha256 {}\n", hashes.state, hashes.parameters);
}

void run_train(const ConfigOptions& config, const TrainOptions& options, Job& job) {
  hear_checkpoint_requests();
  Workbench bench(config, RunUse::existing, job);
  bench.run_recorded([&] { train(bench, options); });
}

}  // namespace

void add_train_verb(CLI::App& app, Job& job) {
  CLI::App* verb = app.add_subcommand(
      "train",
      "train policies by PPO from the warm-up and the fitted rewards.\n"
      "The last two lines are the SHA-256 of state and parameters (of the last policy "
      "trained). SIGUSR1 asks for\n"
      "a checkpoint and an end with code 75 at the next border of an iteration. With watch.on_alarm: stop\n"
      "an alarm ends it there with code 1.");
  auto config = add_config_options(*verb);
  auto options = std::make_shared<TrainOptions>();
  verb->add_option("--policy", options->policy,
                   "train this policy alone; otherwise all policies of the experiment in turn");
  verb->add_flag("--resume", options->resume, "go on from the newest whole checkpoint, bit for bit");
  verb->callback([config, options, &job] { run_train(*config, *options, job); });
}

}  // namespace pagewright
