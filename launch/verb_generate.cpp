// `pagewright generate`: requests in, pages out, as JSON Lines.

#include <cmath>
#include <iostream>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/hash.hpp"
#include "core/page/page_json.hpp"
#include "launch/model_folder.hpp"
#include "launch/verbs.hpp"
#include "launch/workbench.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

struct GenerateOptions {
  std::string policy = "both";
  double temperature = 1;
  bool greedy = false;
  int samples = 1;
  std::optional<std::uint64_t> seed;  ///< absent: the experiment's
};

PagePropensities propensities_of(const Trajectory& trajectory) {
  PagePropensities propensities;
  double log_page = 0;
  for (float log_prob : trajectory.log_probs) log_page += log_prob;
  propensities.page = std::exp(log_page);
  for (const SlotSpan& slot : trajectory.spans.slots)
    propensities.slots.push_back(
        std::exp(static_cast<double>(trajectory.log_probs[static_cast<std::size_t>(slot.token)])));
  return propensities;
}

void print_pages(const PageLanguage& language, const Request& request, Policy& policy,
                 const std::string& policy_id, const SampleOptions& options) {
  const KeyedRequest keyed{&request, static_cast<std::int64_t>(stable_hash(request.id) >> 33)};
  for (const Trajectory& trajectory : policy.generate(std::span(&keyed, 1), options)) {
    PageJsonFields fields;
    fields.page_id = fmt::format("{}-{:x}-{}", request.id, options.seed, trajectory.sample);
    fields.policy_id = policy_id;
    // A greedy page was not drawn, so it has no propensity to log.
    if (!options.greedy) fields.propensities = propensities_of(trajectory);
    std::cout << page_to_json(language.schema(), request, trajectory.page, fields) << '\n';
  }
  std::cout << std::flush;
}

void run_generate(const ConfigOptions& config, const GenerateOptions& options) {
  Workbench bench(config, RunUse::existing);
  const FlatParameters parameters =
      load_model(bench.run().policy(options.policy), bench.experiment().policy_model(), "policy",
                 bench.language().hash());
  const std::string policy_id =
      fmt::format("{}@{}", options.policy, parameters.parameters_sha256().substr(0, 12));
  ModelPolicy policy(
      bench.language(), [view = parameters.view()] { return view; }, bench.pool(), options.policy);
  SampleOptions sampling;
  sampling.seed = options.seed.value_or(bench.experiment().seed);
  sampling.samples = options.samples;
  sampling.temperature = options.temperature;
  sampling.greedy = options.greedy;

  std::string line;
  int number = 0, bad = 0;
  while (std::getline(std::cin, line)) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      const Request request = request_from_json(line);
      print_pages(bench.language(), request, policy, policy_id, sampling);
    } catch (const Error& error) {
      ++bad;
      std::cout << nlohmann::json{{"error", error.what()}, {"line", number}}.dump() << std::endl;
      fmt::print(stderr, "standard input, line {}: {}\n", number, error.what());
    }
  }
  require(bad == 0, "{} of {} lines got an error instead of a page", bad, number);
}

}  // namespace

void add_generate_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("generate",
                                      "compose pages for requests: JSON Lines of requests on standard input, "
                                      "JSON Lines of pages on standard output.\n"
                                      "Each page carries its id, the policy's id, and page and slot "
                                      "propensities, so that the log can judge the next policy.\n"
                                      "A line that is no good request is answered by {\"error\": ..., "
                                      "\"line\": ...}; the process goes on and ends with 1.");
  auto config = add_config_options(*verb);
  auto options = std::make_shared<GenerateOptions>();
  verb->add_option("--policy", options->policy, "policy of the run, by name")->capture_default_str();
  verb->add_option("--temperature", options->temperature, "of sampling")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_flag("--greedy", options->greedy,
                 "the likeliest page instead of a sampled one; it has no propensity");
  verb->add_option("--samples", options->samples, "pages for each request")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_option(
      "--seed", options->seed,
      "of sampling; otherwise the experiment's. A request gets the same pages from the same seed");
  verb->callback([config, options] { run_generate(*config, *options); });
}

}  // namespace pagewright
