// How fast a training state is saved and loaded, and how long training stands still for it, on the ranks it
// is started on:
//   mpirun -n 4 build/tests/checkpoint_bench CONFIG.yaml [--set KEY=VALUE]... [--folder FOLDER] [--times N]
//                                            [--json FILE]
// The state is that of the configuration's policy. Rank 0 prints medians; what it loads comes from the page
// cache.
#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/table.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/agreement.hpp"
#include "distributed/job.hpp"
#include "distributed/pipeline/pipeline_checkpoint.hpp"
#include "distributed/trainer.hpp"
#include "launch/experiment.hpp"

namespace pagewright {
namespace {

struct BenchOptions {
  std::string config, folder = "build/bench/checkpoints", json;
  std::vector<std::string> sets;
  int times = 5;
};

/// Seconds until all ranks are through with `work`.
template <class Work>
double seconds_of(Communicator& world, const Work& work) {
  world.barrier();
  const auto start = std::chrono::steady_clock::now();
  work();
  world.barrier();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double megabytes_in(const std::filesystem::path& folder) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    bytes += static_cast<double>(entry.file_size());
  return bytes / 1e6;
}

struct Figures {
  double parameters = 0, megabytes = 0, hash = 0, pause = 0, load = 0;  ///< seconds
};

Figures measure(Communicator& world, const BenchOptions& options) {
  const Experiment experiment = load_experiment(options.config, options.sets).experiment;
  FlatParameters parameters(experiment.policy_model());
  parameters.initialise(1);
  const auto pool = make_lane_pool(1);
  Trainer trainer(world, parameters, {}, *pool, experiment.lanes(), 1 << 20, experiment.distributed.sharding);
  PipelineState state;
  state.shard = trainer.shard();
  state.within_budget = trainer.shard_of_values();
  const CheckpointStore store(options.folder, {"bench", "bench", "bench"}, 1);

  std::vector<double> hash, pause, load;
  for (int round = 0; round < options.times; ++round) {
    ++state.iteration;
    hash.push_back(seconds_of(world, [&] { hash_parts(trainer, to_checkpoint(trainer, state, {})); }));
    pause.push_back(
        seconds_of(world, [&] { save_checkpoint(trainer, store, to_checkpoint(trainer, state, {})); }));
    load.push_back(seconds_of(world, [&] { from_checkpoint(trainer, *load_checkpoint(world, store)); }));
  }
  return {static_cast<double>(parameter_count(parameters.config())),
          megabytes_in(store.folder_of(state.iteration)), median(hash), median(pause), median(load)};
}

void run_bench(const BenchOptions& options) {
  Job job;
  on_first_rank(job.world(), [&] { std::filesystem::remove_all(options.folder); });
  const Figures figures = measure(job.world(), options);
  on_first_rank(job.world(), [&] { std::filesystem::remove_all(options.folder); });
  if (job.rank() != 0) return;
  Table table({"ranks", "parameters", "MB", "hashing ms", "pause ms", "save MB/s", "load ms", "load MB/s"});
  const auto milliseconds = [](double seconds) { return fmt::format("{:.0f}", 1e3 * seconds); };
  table.add_row({fmt::format("{}", job.size()), fmt::format("{:.0f}", figures.parameters),
                 fmt::format("{:.1f}", figures.megabytes), milliseconds(figures.hash),
                 milliseconds(figures.pause), fmt::format("{:.0f}", figures.megabytes / figures.pause),
                 milliseconds(figures.load), fmt::format("{:.0f}", figures.megabytes / figures.load)});
  fmt::print("{}", table.to_string());
  if (!options.json.empty())
    std::ofstream(options.json) << nlohmann::json{{"ranks", job.size()},
                                                  {"parameters", figures.parameters},
                                                  {"megabytes", figures.megabytes},
                                                  {"hash_seconds", figures.hash},
                                                  {"pause_seconds", figures.pause},
                                                  {"load_seconds", figures.load}}
                                       .dump(2)
                                << "\n";
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  CLI::App app{"how fast checkpoints are saved and loaded"};
  pagewright::BenchOptions options;
  app.add_option("CONFIG", options.config)->required();
  app.add_option("--set", options.sets, "change a key of the configuration")->allow_extra_args(false);
  app.add_option("--folder", options.folder, "where to save; it is removed");
  app.add_option("--times", options.times, "how often");
  app.add_option("--json", options.json, "also write the figures there");
  CLI11_PARSE(app, argc, argv);
  try {
    pagewright::run_bench(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "checkpoint_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
