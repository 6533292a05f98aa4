// `pagewright sft`: the supervised start of a policy.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "distributed/warmup/warmup_task.hpp"
#include "launch/learning_curve.hpp"
#include "launch/model_folder.hpp"
#include "launch/verbs.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

namespace {

void run_sft(const ConfigOptions& options, bool imitation) {
  Workbench bench(options, RunUse::begin);
  const Experiment& experiment = bench.experiment();
  const std::string name = imitation ? "imitation" : "warmup";
  WarmupConfig config = experiment.warmup;
  if (imitation) {
    config.target = WarmupTarget::shown;
    config.unengaged_weight = 1;
    config.misses = 0;
  }
  WarmupExamples train = warmup_examples(bench.log(), experiment.schema, Split::train, config.target);
  WarmupExamples held_out = warmup_examples(bench.log(), experiment.schema, Split::valid, config.target);
  if (train.invalid > 0)
    log_warn("{} of {} logged pages break the schema and were left out", train.invalid,
             train.invalid + static_cast<int>(train.examples.size()));
  require(!train.examples.empty(),
          "no logged page of the training split fits the schema; compare `schema` with what "
          "`pagewright inspect {}` shows",
          experiment.log.string());
  if (train.kept_as_shown > 0)
    log_info("{} pages kept their order: moving engaged items first would break the schema",
             train.kept_as_shown);

  FlatParameters parameters(experiment.policy_model());
  parameters.initialise(experiment.seed);
  log_info("{}: {} parameters, {} pages, {} held out", name, parameter_count(parameters.config()),
           train.examples.size(), held_out.examples.size());
  const SupervisedConfig loop{config.epochs, config.batch, 2, experiment.seed};
  Trainer trainer(bench.communicator(), parameters, config.optimizer, bench.pool(), experiment.lanes(),
                  supervised_steps(static_cast<std::int64_t>(train.examples.size()), loop));
  WarmupTask task(bench.language(), bench.log(), std::move(train.examples), std::move(held_out.examples),
                  config, experiment.seed, bench.pool());
  const SupervisedResult result = run_supervised(trainer, task, loop);
  fmt::print("{}", curve_table(result, "nats a token"));

  const std::filesystem::path folder = bench.run().policy(name);
  save_model(folder, parameters.view(),
             {"policy",
              bench.language().hash(),
              0,
              {{"made_by", "sft"}, {"target", imitation ? "shown" : "engaged_first"}}});
  write_curve(bench.run().file("curves/" + name + ".json"), result, "nats a token");
  fmt::print("{} is in {}\nparameters sha256 {}\n", name, folder.string(), parameters.parameters_sha256());
}

}  // namespace

void add_sft_verb(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("sft", "warm up a policy by supervised learning on the pages of the log");
  auto options = add_config_options(*verb);
  auto imitation = std::make_shared<bool>(false);
  verb->add_flag("--imitation", *imitation,
                 "learn the pages exactly as they were shown, no feedback used: the baseline `imitation`");
  verb->callback([options, imitation] { run_sft(*options, *imitation); });
}

}  // namespace pagewright
