// `pagewright report`: the run as one HTML file.

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "launch/evaluation/evaluation_json.hpp"
#include "launch/report/report.hpp"
#include "launch/report/why_items.hpp"
#include "launch/verbs.hpp"

namespace pagewright {

namespace {

constexpr std::size_t kExamplesDrawn = 6;

struct ReportOptions {
  std::string policy;
  std::string baseline = "logged";
};

/// The variant to report on: the one named, otherwise `both`, otherwise the first.
PolicyVariant chosen_variant(const Experiment& experiment, const std::string& name) {
  const std::string wanted = name.empty() ? "both" : name;
  std::string names;
  for (const PolicyVariant& variant : experiment.policies) {
    if (variant.name == wanted) return variant;
    names += (names.empty() ? "" : ", ") + variant.name;
  }
  if (name.empty()) return experiment.policies.front();
  PolicyVariant supervised;
  supervised.name = name;
  require(name == "warmup" || name == "imitation",
          "the experiment has no policy '{}'; its policies are {}, warmup and imitation", name, names);
  return supervised;
}

/// Reads into `to`; what cannot be read is said in `problem`.
template <class Read>
void read_part(std::string& problem, Read&& read) {
  try {
    read();
  } catch (const Error& error) {
    problem = error.what();
  }
}

ReportData read_report(Workbench& bench, const PolicyVariant& variant, const std::string& baseline) {
  const Experiment& experiment = bench.experiment();
  ReportData data;
  data.title = std::filesystem::absolute(bench.run().path()).lexically_normal().filename().string();
  data.policy = variant.name;
  data.baseline = baseline;
  data.schema = experiment.schema;
  data.effective_yaml = bench.loaded().effective_yaml;
  data.bootstrap.resamples = experiment.evaluation.bootstrap;
  data.bootstrap.seed = experiment.seed;
  data.saw_the_truth = experiment.oracle_weight != 0;
  data.sees_logged_rank = bench.language().prompt_template().uses_logged_rank() ||
                          bench.language().order_kind() == CandidateOrderKind::logged;
  std::vector<std::string> policies;
  for (const PolicyVariant& policy : experiment.policies) policies.push_back(policy.name);
  data.records = read_run_records(bench.run().path(), policies);

  const auto evaluation = bench.run().file("evaluation.json"), pages = bench.run().file("pages.jsonl");
  data.evaluation_problem = data.examples_problem =
      "The policies were not evaluated yet; `pagewright evaluate` does it.";
  if (std::filesystem::exists(evaluation))
    read_part(data.evaluation_problem, [&] { data.evaluation = read_evaluation(evaluation); });
  if (const auto file = bench.run().file("evaluation-unconstrained.json"); std::filesystem::exists(file)) {
    std::string problem;
    read_part(problem, [&] { data.unconstrained = read_evaluation(file); });
    if (problem.empty() && data.unconstrained->grammar == GrammarUse::on) {
      data.unconstrained.reset();
      problem = fmt::format(
          "{} is of an older version, which drew layout tokens alone; `pagewright evaluate "
          "--unconstrained` measures them again",
          file.string());
    }
    if (!problem.empty()) log_warn("the report leaves out pages without the grammar: {}", problem);
  }
  if (std::filesystem::exists(pages))
    read_part(data.examples_problem, [&] { data.examples = read_page_examples(pages, experiment.schema); });
  data.shown = choose_examples(data.examples, data.policy, data.baseline, kExamplesDrawn);
  if (!data.shown.empty()) read_part(data.reasons_problem, [&] { explain_examples(bench, variant, data); });
  return data;
}

void run_report(const ConfigOptions& config, const ReportOptions& options) {
  Workbench bench(config, RunUse::existing);
  const PolicyVariant variant = chosen_variant(bench.experiment(), options.policy);
  require(variant.name != options.baseline, "--policy and --baseline are both '{}'; name two policies",
          variant.name);
  const ReportData data = read_report(bench, variant, options.baseline);
  const std::filesystem::path file = bench.run().file("report.html");
  write_file_atomically(file, report_html(data));
  fmt::print("the report is in {}\n", file.string());
}

}  // namespace

void add_report_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "report",
      "one HTML file that tells what a run found: verdict, pages before and after, learning, figures");
  auto config = add_config_options(*verb);
  auto options = std::make_shared<ReportOptions>();
  verb->add_option("--policy", options->policy,
                   "policy to report on; otherwise `both`, or the first of the experiment");
  verb->add_option("--baseline", options->baseline,
                   "what it is compared with: logged, warmup, imitation or another policy")
      ->capture_default_str();
  verb->callback([config, options] { run_report(*config, *options); });
}

}  // namespace pagewright
