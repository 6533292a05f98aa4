// Pages per second of the parts of a training iteration, on 1 and 2 threads.
//   train_bench CONFIG... [--threads N,N] [--seconds S] [--warmup N] [--json FILE]
// Requests are simulated, weights and reward models are as initialised: speed does not depend on what they
// know.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/table.hpp"
#include "core/model/kernels/kernel_table.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/flat_parameters.hpp"
#include "distributed/local_communicator.hpp"
#include "distributed/pipeline/page_credit.hpp"
#include "distributed/pipeline/page_evaluation.hpp"
#include "distributed/pipeline/page_source.hpp"
#include "distributed/pipeline/page_update.hpp"
#include "launch/experiment.hpp"
#include "rewards/models/item_model.hpp"
#include "rewards/models/page_model.hpp"
#include "rewards/models/reward_model.hpp"
#include "rewards/simulator/request_source.hpp"
#include "rewards/simulator/world.hpp"
#include "rewards/terms/learned_terms.hpp"
#include "rollout/engine/model_policy.hpp"

namespace pagewright {
namespace {

/// Wall seconds of the parts of one iteration.
struct IterationTimes {
  double generate = 0;   ///< sampling the pages
  double rewards = 0;    ///< both reward models' scores
  double reference = 0;  ///< log-probs under the frozen start policy
  double old = 0;        ///< prompts, masks, old log-probs, old values, advantages
  double update = 0;     ///< all epochs

  double learn() const { return reference + old + update; }
  double whole() const { return generate + rewards + learn(); }
  /// The parts that an algorithm without reference and reward models has as well.
  double bare() const { return generate + old + update; }
};

/// Of one iteration: seconds on the clock, and processor seconds of all threads, on which a busy machine has
/// less influence.
struct Timing {
  IterationTimes wall;
  IterationTimes cpu;
};

class Stopwatch {
 public:
  /// What passed since the last call was spent on `part`.
  void lap(double IterationTimes::*part) {
    const auto now = std::chrono::steady_clock::now();
    const std::clock_t clock = std::clock();
    timing_.wall.*part = std::chrono::duration<double>(now - std::exchange(begin_, now)).count();
    timing_.cpu.*part = static_cast<double>(clock - std::exchange(clock_, clock)) / CLOCKS_PER_SEC;
  }
  const Timing& timing() const { return timing_; }

 private:
  Timing timing_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::clock_t clock_ = std::clock();
};

FlatParameters fresh_parameters(const ModelConfig& config, std::uint64_t seed) {
  FlatParameters parameters(config);
  parameters.initialise(seed);
  return parameters;
}

/// Everything that an iteration needs, as `train` connects it.
class Workload {
 public:
  Workload(const Experiment& experiment, int threads)
      : experiment_(experiment),
        language_(experiment.language()),
        pool_(make_lane_pool(threads)),
        parameters_(fresh_parameters(experiment.policy_model(), 1)),
        start_(fresh_parameters(experiment.policy_model(), 1)),
        page_model_(fresh_parameters(
            reward_model_config(experiment.policy_model(), page_model_heads(PageModelForm::utility)), 2)),
        item_model_(fresh_parameters(reward_model_config(experiment.policy_model(), {kItemHead}), 3)),
        policy_(
            language_, [this] { return parameters_.view(); }, *pool_, "policy"),
        reference_(
            language_, [this] { return start_.view(); }, *pool_, "warmup"),
        terms_(learned_terms()),
        trainer_(communicator_, parameters_, experiment.ppo_optimizer, *pool_, experiment.lanes(), 1 << 20),
        update_(experiment_.ppo, language_, trainer_, 1) {
    const World world(experiment.simulator, experiment.schema, 1);
    for (int i = 0; i < experiment.ppo.requests; ++i) requests_.push_back(make_request(world, i));
    for (int i = 0; i < experiment.ppo.requests; ++i)
      keyed_.push_back({&requests_[static_cast<std::size_t>(i)], i});
  }
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  Timing iterate() {
    SampleOptions options;
    options.seed = 1;
    options.iteration = iteration_;
    options.samples = experiment_.ppo.samples;
    Stopwatch watch;
    std::vector<Trajectory> pages = policy_.generate(keyed_, options);
    watch.lap(&IterationTimes::generate);
    const std::vector<KeyedRequest> of_page = repeat_for_samples(keyed_, options.samples);
    std::vector<Score> scores(pages.size());
    score_terms(of_page, pages, scores);
    watch.lap(&IterationTimes::rewards);
    const std::vector<std::vector<float>> reference = reference_.log_probs(of_page, pages);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i].reference_log_probs = reference[i];
    watch.lap(&IterationTimes::reference);
    learn(std::move(pages), std::move(scores), watch);
    ++iteration_;
    return watch.timing();
  }

  std::int64_t parameter_count() const { return pagewright::parameter_count(parameters_.config()); }
  int prompt_positions() const { return prompt_positions_; }
  std::size_t response_tokens() const { return response_tokens_; }

 private:
  std::vector<WeightedTerm> learned_terms() {
    const LearnedTermContext context{language_.vocabulary(), scale_, *pool_};
    return {{std::make_shared<LearnedPageTerm>(context, page_model_.view(), PageModelForm::utility,
                                               GainWeights{1, 5, 1, 4000}, ItemCredit::head),
             0.5},
            {std::make_shared<LearnedItemTerm>(context, item_model_.view()), 0.5}};
  }

  /// What RewardWorker does with valid pages, without the reference's log-probs.
  void score_terms(const std::vector<KeyedRequest>& requests, const std::vector<Trajectory>& pages,
                   std::vector<Score>& scores) {
    const GroupedPages grouped = group_pages(language_, requests, pages);
    for (Score& score : scores) score.slot_rewards.resize(pages.front().spans.slots.size());
    for (const WeightedTerm& term : terms_) {
      const std::vector<TermScore> said = term.term->score(grouped.groups);
      require(said.size() == scores.size(), "{} of {} pages are valid", said.size(), scores.size());
      for (std::size_t i = 0; i < said.size(); ++i) add(said[i], static_cast<float>(term.weight), scores[i]);
    }
  }

  static void add(const TermScore& said, float weight, Score& score) {
    score.page_reward += weight * said.page;
    for (std::size_t k = 0; k < said.slots.size(); ++k) score.slot_rewards[k] += weight * said.slots[k];
    score.terms.push_back(said);
  }

  void learn(std::vector<Trajectory> pages, std::vector<Score> scores, Stopwatch& watch) {
    const PpoConfig& ppo = experiment_.ppo;
    Experience experience = gather_experience(language_, keyed_, std::move(pages), std::move(scores),
                                              ppo.samples, trainer_.learner_lanes().own(), *pool_);
    evaluate_old(parameters_.view(), language_.vocabulary(), experience, *pool_);
    assign_credit(ppo, ppo.kl.coefficient, experience, trainer_.learner_lanes());
    watch.lap(&IterationTimes::old);
    update_.run(experience, iteration_, ppo.kl.coefficient);
    watch.lap(&IterationTimes::update);
    prompt_positions_ = experience.requests.front().prompt.tokens.size();
    response_tokens_ = experience.requests.front().pages.front().trajectory.tokens.size();
  }

  const Experiment& experiment_;
  PageLanguage language_;
  std::unique_ptr<LanePool> pool_;
  LocalCommunicator communicator_;
  FlatParameters parameters_, start_, page_model_, item_model_;
  RewardScale scale_;
  ModelPolicy policy_, reference_;
  std::vector<WeightedTerm> terms_;
  Trainer trainer_;
  PageUpdate update_;
  std::vector<Request> requests_;
  std::vector<KeyedRequest> keyed_;
  std::uint64_t iteration_ = 0;
  int prompt_positions_ = 0;
  std::size_t response_tokens_ = 0;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

struct BenchOptions {
  std::vector<std::filesystem::path> configs;
  std::vector<int> threads{1, 2};
  double seconds = 6;
  int warmup = 1;
  std::filesystem::path json;
};

/// What is reported of an iteration, in order.
const std::vector<std::pair<const char*, double (*)(const IterationTimes&)>> kParts{
    {"generate", [](const IterationTimes& t) { return t.generate; }},
    {"reward models", [](const IterationTimes& t) { return t.rewards; }},
    {"reference log-probs", [](const IterationTimes& t) { return t.reference; }},
    {"old log-probs", [](const IterationTimes& t) { return t.old; }},
    {"update, all epochs", [](const IterationTimes& t) { return t.update; }},
    {"learn (the three above)", [](const IterationTimes& t) { return t.learn(); }},
    {"generate, old, update", [](const IterationTimes& t) { return t.bare(); }},
    {"whole iteration", [](const IterationTimes& t) { return t.whole(); }},
};

struct Measured {
  std::vector<Timing> iterations;
  double processors = 0;  ///< processor seconds per wall second: near `threads` on a quiet machine
};

Measured measure(Workload& work, const BenchOptions& options) {
  for (int i = 0; i < options.warmup; ++i) work.iterate();
  Measured result;
  const std::clock_t cpu = std::clock();
  double spent = 0;
  while (spent < options.seconds || result.iterations.size() < 3) {
    result.iterations.push_back(work.iterate());
    spent += result.iterations.back().wall.whole();
  }
  result.processors = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC / spent;
  return result;
}

/// Adds a row a part to the table; returns them as JSON.
nlohmann::json report_parts(const Measured& measured, double pages, double tokens, Table& table) {
  nlohmann::json parts;
  for (const auto& [name, part] : kParts) {
    std::vector<double> wall, cpu;
    for (const Timing& timing : measured.iterations) {
      wall.push_back(part(timing.wall));
      cpu.push_back(part(timing.cpu));
    }
    const double best = *std::min_element(wall.begin(), wall.end()), median = median_of(wall);
    table.add_row({name, fmt::format("{:.1f}", 1e3 * median), fmt::format("{:.1f}", 1e3 * best),
                   fmt::format("{:.1f}", 1e3 * median_of(cpu)), fmt::format("{:.0f}", pages / median),
                   fmt::format("{:.0f}", pages / best), fmt::format("{:.0f}", pages * tokens / best)});
    parts[name] = {{"median_s", median},
                   {"best_s", best},
                   {"processor_s_median", median_of(cpu)},
                   {"pages_per_s_median", pages / median},
                   {"pages_per_s_best", pages / best},
                   {"response_tokens_per_s_best", pages * tokens / best}};
  }
  return parts;
}

nlohmann::json bench_case(const std::filesystem::path& config, int threads, const BenchOptions& options) {
  const LoadedExperiment loaded = load_experiment(config, {});
  const PpoConfig& ppo = loaded.experiment.ppo;
  Workload work(loaded.experiment, threads);
  const Measured measured = measure(work, options);
  Table table({"part", "ms", "best ms", "cpu ms", "pages/s", "best pages/s", "best tokens/s"});
  const nlohmann::json parts = report_parts(measured, static_cast<double>(ppo.pages()),
                                            static_cast<double>(work.response_tokens()), table);
  fmt::print(
      "{}: {} parameters, {} threads, {}, {} requests x {} samples, prompt {}, response {},\n"
      "{} epochs x {} mini-batches, {} lanes; {} iterations, median and best; {:.2f} processors used\n{}\n",
      config.string(), work.parameter_count(), threads, kernel_instruction_set(), ppo.requests, ppo.samples,
      work.prompt_positions(), work.response_tokens(), ppo.epochs, ppo.mini_batches, ppo.lanes,
      measured.iterations.size(), measured.processors, table.to_string());
  return {{"config", config.filename().string()},
          {"parameters", work.parameter_count()},
          {"threads", threads},
          {"requests", ppo.requests},
          {"samples", ppo.samples},
          {"epochs", ppo.epochs},
          {"mini_batches", ppo.mini_batches},
          {"lanes", ppo.lanes},
          {"prompt_positions", work.prompt_positions()},
          {"response_tokens", work.response_tokens()},
          {"iterations", measured.iterations.size()},
          {"processors_used", measured.processors},
          {"parts", parts}};
}

int run_train_bench(int argc, char** argv) {
  BenchOptions options;
  CLI::App app("Pages per second of the parts of a training iteration");
  app.add_option("configs", options.configs, "experiments")->required();
  app.add_option("--threads", options.threads, "worker threads, one case each")->delimiter(',');
  app.add_option("--seconds", options.seconds, "at least so long a case (and 3 iterations)");
  app.add_option("--warmup", options.warmup, "iterations before those that count");
  app.add_option("--json", options.json, "write the figures here as well");
  CLI11_PARSE(app, argc, argv);
  nlohmann::json cases = nlohmann::json::array();
  for (const std::filesystem::path& config : options.configs)
    for (const int threads : options.threads) cases.push_back(bench_case(config, threads, options));
  if (!options.json.empty())
    write_file_atomically(
        options.json,
        nlohmann::json{{"instruction_set", kernel_instruction_set()}, {"cases", cases}}.dump(2) + "\n");
  return 0;
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  try {
    return pagewright::run_train_bench(argc, argv);
  } catch (const pagewright::Error& error) {
    fmt::print(stderr, "train_bench: {}\n", error.what());
    return 1;
  }
}
