#include "tests/programs/training_steps/warmup_steps.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/file.hpp"
#include "distributed/supervised/supervised_loop.hpp"
#include "distributed/warmup/warmup_task.hpp"
#include "tests/programs/training_steps/page_json.hpp"

namespace pagewright::steps {
namespace {

/// A task that remembers which examples of which epoch the last step took.
class RememberingTask final : public SupervisedTask {
 public:
  explicit RememberingTask(WarmupTask& task) : task_(task) {}

  std::string name() const override { return task_.name(); }
  std::int64_t examples() const override { return task_.examples(); }
  void begin_epoch(int epoch) override {
    epoch_ = epoch;
    task_.begin_epoch(epoch);
  }
  double weight(std::int64_t example) const override { return task_.weight(example); }
  at::Tensor loss(const WeightsView& weights, std::span<const std::int64_t> examples,
                  LaneSums& sums) const override {
    {
      const std::lock_guard lock(mutex_);
      taken_.insert(taken_.end(), examples.begin(), examples.end());
    }
    return task_.loss(weights, examples, sums);
  }
  std::optional<double> held_out_loss(const WeightsView& weights) override {
    return task_.held_out_loss(weights);
  }

  int epoch() const { return epoch_; }
  /// In ascending order; forgets them.
  std::vector<std::int64_t> take() {
    std::ranges::sort(taken_);
    return std::exchange(taken_, {});
  }

 private:
  WarmupTask& task_;
  int epoch_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<std::int64_t> taken_;
};

nlohmann::json example_json(const StepsBench& bench, const WarmupExample& example, int epoch) {
  const auto key = static_cast<std::uint64_t>(epoch), number = static_cast<std::uint64_t>(example.request);
  const Request& request = bench.log().requests[number].request;
  const PageLanguage& language = bench.language();
  const WarmupLesson lesson = warmup_lesson(example, bench.experiment().warmup, language.schema(), request,
                                            bench.experiment().seed, key);
  const CandidateOrder order = language.candidate_order(request, key, number);
  const EncodedPage page = language.encode(order, lesson.page);
  return {{"prompt", prompt_json(language.prompt(request, order))},
          {"tokens", page.tokens},
          {"masks", masks_json(language.grammar(request, order).masks(page.tokens))},
          {"slot_weights", lesson.slot_weights}};
}

}  // namespace

void take_warmup_steps(const StepsBench& bench, const std::filesystem::path& folder) {
  const Experiment& experiment = bench.experiment();
  const WarmupConfig& config = experiment.warmup;
  make_folders(folder);
  const auto pages = [&](Split split) {
    return warmup_examples(bench.log(), experiment.schema, split, config.target).examples;
  };
  const std::vector<WarmupExample> train = pages(Split::train);
  WarmupTask warmup(bench.language(), bench.log(), train, pages(Split::valid), config, experiment.seed,
                    bench.pool());
  RememberingTask task(warmup);

  SupervisedConfig loop{.epochs = config.epochs, .batch = config.batch, .seed = experiment.seed};
  const std::int64_t steps = supervised_steps(task.examples(), loop);
  loop.evaluations_per_epoch = static_cast<int>(steps / config.epochs);  // after every step
  FlatParameters parameters = bench.start_policy();
  Trainer trainer(bench.alone(), parameters, config.optimizer, bench.pool(), experiment.lanes(), steps);

  nlohmann::json taken = nlohmann::json::array();
  run_supervised(trainer, task, loop, [&](const SupervisedPoint& point) {
    write_step(folder, trainer);
    if (parameters.step() == 0) return;
    nlohmann::json examples = nlohmann::json::array();
    for (const std::int64_t number : task.take())
      examples.push_back(example_json(bench, train[static_cast<std::size_t>(number)], task.epoch()));
    taken.push_back({{"loss", point.train_loss}, {"examples", std::move(examples)}});
  });
  write_file_atomically(folder / "steps.json",
                        nlohmann::json({{"total_steps", steps}, {"steps", taken}}).dump());
}

}  // namespace pagewright::steps
