// `pagewright generate`: requests in, pages out, as JSON Lines; or given pages in, their log-probs out.

#include <filesystem>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "core/base/error.hpp"
#include "launch/serving/page_composer.hpp"
#include "launch/serving/page_scorer.hpp"
#include "launch/serving/served_model.hpp"
#include "launch/verbs.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {

namespace {

struct GenerateOptions {
  std::filesystem::path file;   ///< of requests; empty: standard input
  std::filesystem::path score;  ///< of pages to score; empty: pages are composed
  std::string policy = "both";
  double temperature = 1;
  bool greedy = false;
  int samples = 1;
  int batch = 16;
  int cache = 0;                      ///< answers that are kept
  bool tokens = false;                ///< whether answers show prompt and tokens
  std::optional<std::uint64_t> seed;  ///< absent: the experiment's
};

SampleOptions sampling_of(const GenerateOptions& options, const Experiment& experiment) {
  SampleOptions sampling;
  sampling.seed = options.seed.value_or(experiment.seed);
  sampling.samples = options.samples;
  sampling.temperature = options.temperature;
  sampling.greedy = options.greedy;
  return sampling;
}

std::unique_ptr<LineAnswerer> make_answerer(ServedModel& model, ModelPolicy& policy,
                                            const GenerateOptions& options) {
  if (!options.score.empty())
    return std::make_unique<PageScorer>(model.language(), policy, model.pool(), model.id());
  ComposerOptions composer;
  composer.sampling = sampling_of(options, model.experiment());
  composer.cached = static_cast<std::size_t>(options.cache);
  composer.tokens = options.tokens;
  return std::make_unique<PageComposer>(model.language(), policy, model.pool(), model.id(), composer);
}

void run_generate(const ConfigOptions& config, const GenerateOptions& options) {
  StopSignal stop;
  const bool scores = !options.score.empty();
  const auto input = open_line_input(scores ? options.score : options.file, stop);
  ServedModel model(config, options.policy);
  ModelPolicy policy(
      model.language(), [view = model.weights().keeping_turned()] { return view; }, model.pool(),
      model.name());
  const auto answerer = make_answerer(model, policy, options);
  const AnswerReport report = answer_lines(*input, stop, *answerer, options.batch, STDOUT_FILENO);
  require(report.bad == 0, "{} of {} {}s got an error instead of a {}", report.bad, report.lines,
          input->unit(), scores ? "score" : "page");
}

}  // namespace

void add_generate_verb(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "generate",
      "compose pages for requests: JSON Lines of requests in, JSON Lines of pages on standard output, in the "
      "same order.\n"
      "Each page carries its id, the policy's id, and page and slot propensities, so that the log can judge "
      "the "
      "next policy.\n"
      "On standard input it serves until the input ends or SIGTERM: a request is answered at once, and what "
      "arrives meanwhile together.\n"
      "A line that is no good request is answered by {\"error\": ..., \"line\": ...}; the process goes on "
      "and "
      "ends with 1. docs/serving.md tells more.");
  auto config = add_config_options(*verb);
  auto options = std::make_shared<GenerateOptions>();
  auto* file = verb->add_option(
      "FILE", options->file,
      "requests: JSON Lines (also packed: .gz, .xz, .zst), or one JSON document, a request or "
      "a list of them; otherwise standard input");
  auto* score =
      verb->add_option("--score", options->score,
                       "score pages instead: JSON Lines, each a request with its page as `generate` "
                       "prints it or with response \"tokens\"; '-' is standard input");
  verb->add_option("--policy", options->policy, "policy of the run, by name")->capture_default_str();
  auto* temperature = verb->add_option("--temperature", options->temperature, "of sampling")
                          ->capture_default_str()
                          ->check(CLI::PositiveNumber);
  auto* greedy = verb->add_flag("--greedy", options->greedy,
                                "the likeliest page instead of a sampled one; it has no propensity");
  auto* samples = verb->add_option("--samples", options->samples, "pages for each request")
                      ->capture_default_str()
                      ->check(CLI::PositiveNumber);
  verb->add_option("--batch", options->batch, "most requests that are answered together")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  auto* cache = verb->add_option("--cache", options->cache,
                                 "keep so many answers for requests that come again to the letter")
                    ->capture_default_str()
                    ->check(CLI::NonNegativeNumber);
  verb->add_flag(
      "--tokens", options->tokens,
      "pages also show the prompt as text and as tokens, and the page's own tokens: to see what the model "
      "sees, or to compare with another program. Such lines are not for a log");
  auto* seed = verb->add_option(
      "--seed", options->seed,
      "of sampling; otherwise the experiment's. A request gets the same pages from the same seed");
  for (CLI::Option* other : {file, temperature, greedy, samples, cache, seed}) score->excludes(other);
  verb->callback([config, options] { run_generate(*config, *options); });
}

}  // namespace pagewright
