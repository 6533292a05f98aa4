// `pagewright sft`: the supervised start of a policy.

#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/model/lora.hpp"
#include "distributed/agreement.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "distributed/warmup/warmup_task.hpp"
#include "launch/learning_curve.hpp"
#include "launch/model_folder.hpp"
#include "launch/prompt_report.hpp"
#include "launch/verbs.hpp"
#include "launch/warm_start.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

namespace {

/// Pages to learn from and pages to measure on, in the target's form.
struct SftPages {
  WarmupExamples train, held_out;
};

SftPages sft_pages(Workbench& bench, const WarmupConfig& config) {
  const Experiment& experiment = bench.experiment();
  SftPages pages{warmup_examples(bench.log(), experiment.schema, Split::train, config.target),
                 warmup_examples(bench.log(), experiment.schema, Split::valid, config.target)};
  if (pages.train.invalid > 0)
    log_warn("{} of {} logged pages break the schema and were left out", pages.train.invalid,
             pages.train.invalid + static_cast<int>(pages.train.examples.size()));
  require(!pages.train.examples.empty(),
          "no logged page of the training split fits the schema; compare `schema` with what "
          "`pagewright inspect {}` shows",
          experiment.log.string());
  if (pages.train.kept_as_shown > 0)
    log_info("{} pages kept their order: moving engaged items first would break the schema",
             pages.train.kept_as_shown);
  return pages;
}

void save_sft(Workbench& bench, const std::string& name, WarmupTarget target,
              const FlatParameters& parameters, const SupervisedResult& result) {
  const std::filesystem::path folder = bench.run().policy(name);
  // Whoever starts from it gets a whole model: adapters are merged.
  const WeightsView whole = merged_weights(parameters.view());
  save_model(folder, whole,
             {"policy",
              bench.language().hash(),
              0,
              {{"made_by", "sft"}, {"target", target == WarmupTarget::shown ? "shown" : "engaged_first"}},
              std::nullopt});
  write_curve(bench.run().file("curves/" + name + ".json"), result, "nats a token");
  fmt::print("{}{} is in {}\nparameters sha256 {}\n", curve_table(result, "nats a token"), name,
             folder.string(), parameters_sha256(whole));
}

void warm_up(Workbench& bench, bool imitation) {
  const Experiment& experiment = bench.experiment();
  const std::string name = imitation ? "imitation" : "warmup";
  WarmupConfig config = experiment.warmup;
  if (imitation) {
    config.target = WarmupTarget::shown;
    config.unengaged_weight = 1;
    config.misses = 0;
  }
  SftPages pages;
  on_all_ranks(bench.learners(), [&] { pages = sft_pages(bench, config); });

  on_first_rank(bench.learners(), [&] { report_prompt_lengths(bench.language(), bench.log()); });
  FlatParameters parameters = made_on_all(
      bench.learners(), [&] { return start_parameters(bench, experiment.policy_model(), experiment.seed); });
  log_info("{}: {} parameters, {} pages, {} held out", name, parameter_count(parameters.config()),
           pages.train.examples.size(), pages.held_out.examples.size());
  const SupervisedConfig loop{.epochs = config.epochs, .batch = config.batch, .seed = experiment.seed};
  Trainer trainer(bench.learners(), parameters, config.optimizer, bench.pool(), experiment.lanes(),
                  supervised_steps(static_cast<std::int64_t>(pages.train.examples.size()), loop),
                  bench.sharding());
  WarmupTask task(bench.language(), bench.log(), std::move(pages.train.examples),
                  std::move(pages.held_out.examples), config, experiment.seed, bench.pool());
  const SupervisedResult result = run_supervised(trainer, task, loop);
  on_first_rank(bench.learners(), [&] { save_sft(bench, name, config.target, parameters, result); });
}

void run_sft(const ConfigOptions& options, bool imitation, Job& job) {
  Workbench bench(options, RunUse::begin, job);
  bench.run_recorded([&] {
    if (bench.learns()) warm_up(bench, imitation);
  });
}

}  // namespace

void add_sft_verb(CLI::App& app, Job& job) {
  CLI::App* verb =
      app.add_subcommand("sft", "warm up a policy by supervised learning on the pages of the log");
  auto options = add_config_options(*verb);
  auto imitation = std::make_shared<bool>(false);
  verb->add_flag("--imitation", *imitation,
                 "learn the pages exactly as they were shown, no feedback used: the baseline `imitation`");
  verb->callback([options, imitation, &job] { run_sft(*options, *imitation, job); });
}

}  // namespace pagewright
