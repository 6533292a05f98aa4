// `pagewright evaluate`: policies side by side on held-out users.

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/progress.hpp"
#include "launch/evaluation/evaluation_json.hpp"
#include "launch/evaluation/evaluation_table.hpp"
#include "launch/evaluation/summarise.hpp"
#include "launch/line_up.hpp"
#include "launch/page_examples.hpp"
#include "launch/verbs.hpp"
#include "launch/workbench.hpp"
#include "rewards/simulator/request_truth.hpp"

namespace pagewright {

namespace {

TruthFunction truth_of(const World* world, const GainWeights& gains) {
  if (!world) return {};
  return [world, gains](const Request& request, const Page& page) {
    const PageTruth truth = world->truth(request, page);
    return TrueValues{truth.utility(gains), truth.ctr(), truth.gmv()};
  };
}

struct EvaluateOptions {
  bool unconstrained = false;
  bool tuning = false;  ///< on the validation users
};

std::string evaluation_name(const EvaluateOptions& options) {
  return std::string("evaluation") + (options.tuning ? "-valid" : "") +
         (options.unconstrained ? "-unconstrained" : "") + ".json";
}

void run_evaluate(const ConfigOptions& config, const EvaluateOptions& choice) {
  Workbench bench(config, RunUse::begin);
  const Experiment& experiment = bench.experiment();
  const std::unique_ptr<World> world = world_of_log(experiment);
  const LineUp line_up(bench, world.get());
  const auto limit =
      experiment.evaluation.requests > 0
          ? std::optional<std::size_t>(static_cast<std::size_t>(experiment.evaluation.requests))
          : std::nullopt;
  const std::vector<EvaluationCase> cases =
      evaluation_cases(bench.log(), choice.tuning ? Split::valid : Split::test, limit);

  EvaluationOptions options;
  options.ranking.k = experiment.evaluation.cutoff;
  options.seed = experiment.seed;
  options.constrained = !choice.unconstrained;
  options.truth = truth_of(world.get(), gain_weights(experiment.rewards.gains, bench.log()));
  const std::vector<NamedPolicy> policies = line_up.named();
  Progress progress("evaluate", static_cast<std::int64_t>(cases.size() * policies.size()));
  std::int64_t shown = 0;
  options.progress = [&](std::int64_t done, std::int64_t) {
    progress.advance(done - shown);
    shown = done;
  };
  const std::vector<PolicyPages> pages = evaluate_policies(policies, cases, experiment.schema, options);

  SummaryOptions summary;
  summary.k = options.ranking.k;
  summary.bootstrap.resamples = experiment.evaluation.bootstrap;
  summary.bootstrap.seed = experiment.seed;
  summary.differences = usual_differences(pages, cases);
  EvaluationReport report = summarise_with_views(pages, cases, summary);
  if (choice.unconstrained)
    report.grammar = experiment.warmup.vocabulary == WarmupVocabulary::whole
                         ? GrammarUse::off_trained_for
                         : GrammarUse::off_not_trained_for;
  const std::filesystem::path file = bench.run().file(evaluation_name(choice));
  write_evaluation(file, report);
  if (!choice.unconstrained && !choice.tuning)
    write_page_examples(bench.run().file("pages.jsonl"), experiment.schema, cases, pages);
  if (bench.language().prompt_template().uses_logged_rank() ||
      bench.language().order_kind() == CandidateOrderKind::logged)
    fmt::print("The policies of this run see the logged rank: they are re-rankers of the logged order.\n");
  if (experiment.oracle_weight != 0)
    fmt::print(
        "The policies of this run are oracle-trained: a reward term looked at the simulator's truth.\n");
  if (report.grammar == GrammarUse::off_not_trained_for)
    fmt::print(
        "The policies of this run learnt with the grammar on, which says nothing about tokens that it "
        "forbids: they "
        "are not trained for pages without it. `warmup.vocabulary: whole` trains for them.\n");
  fmt::print("{}\nwritten to {}\n", evaluation_text(report), file.string());
  if (options.truth) fmt::print("true_gmv is in minor units of the currency (cents) a page\n");
}

}  // namespace

void add_evaluate_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("evaluate",
                                      "compare the run's policies with baselines on held-out users: one "
                                      "table, intervals by user, evaluation.json");
  auto options = add_config_options(*verb);
  auto choice = std::make_shared<EvaluateOptions>();
  verb->add_flag(
      "--unconstrained", choice->unconstrained,
      "without the grammar, to see how often pages would be valid; written to evaluation-unconstrained.json");
  verb->add_flag("--valid", choice->tuning,
                 "on the validation users, to choose settings by, so that the test users are looked at once; "
                 "written to evaluation-valid.json");
  verb->callback([options, choice] { run_evaluate(*options, *choice); });
}

}  // namespace pagewright
