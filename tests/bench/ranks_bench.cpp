// Memory, bytes and time of an optimizer step by sharding stage, on the ranks it is started on:
//   mpirun -n 4 build/tests/ranks_bench CONFIG.yaml [--steps N] [--json FILE]
// A lane's loss is that of eight tokens, so that the time is mostly that of gradients, exchange and
// optimizer. Rank 0 prints.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <fstream>
#include <optional>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/square.h>
#include <ATen/ops/sum.h>
#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/base/table.hpp"
#include "core/model/transformer.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "core/rl/aggregation.hpp"
#include "distributed/job.hpp"
#include "distributed/recording_communicator.hpp"
#include "distributed/trainer.hpp"
#include "launch/experiment.hpp"

namespace pagewright {
namespace {

/// Every parameter takes part.
at::Tensor short_loss(const WeightsView& weights, int lane) {
  Segment segment;
  for (TokenId token = 0; token < 8; ++token)
    segment.tokens.push(static_cast<TokenId>((token * 31 + lane) % weights.config().vocab_size));
  const at::Tensor hidden = hidden_states(weights, Batch{{segment}});
  at::Tensor loss = (hidden * hidden).sum();
  for (const auto& [name, tensor] : weights.tensors())
    if (!name.starts_with("model.")) loss = loss + (tensor - 0.01 * lane).square().sum();
  return loss;
}

struct Case {
  int zero;
  Determinism determinism;
};

struct Result {
  std::int64_t parameters = 0;
  double held = 0, optimizer = 0, gradients = 0, sent = 0, milliseconds = 0;
  double root = 0, layer = 0;  ///< elements
};

double sent_bytes(const RecordingCommunicator& recorded) {
  double sum = 0;
  for (const auto& [operation, total] : recorded.totals()) sum += static_cast<double>(total.bytes);
  return sum;
}

Result measure(Communicator& world, const Experiment& experiment, const Case& setting, int steps) {
  RecordingCommunicator recorded(world);
  FlatParameters parameters(experiment.policy_model());
  parameters.initialise(1);
  const auto pool = make_lane_pool(1);
  ShardingConfig sharding = experiment.distributed.sharding;
  sharding.zero = setting.zero;
  sharding.determinism = setting.determinism;
  Trainer trainer(recorded, parameters, {}, *pool, experiment.lanes(), 1 << 20, sharding);
  const LossFunction loss = [](const WeightsView& weights, int lane, int, LaneSums&) {
    return short_loss(weights, lane);
  };
  trainer.step(loss, 1);
  const double before = sent_bytes(recorded);
  std::vector<double> times;
  for (int step = 0; step < steps; ++step) {
    world.barrier();
    const auto start = std::chrono::steady_clock::now();
    trainer.step(loss, 1);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::ranges::sort(times);
  Result result{parameters.numel(),
                static_cast<double>(trainer.parameter_bytes()),
                static_cast<double>(trainer.optimizer_bytes()),
                static_cast<double>(trainer.gradient_bytes()),
                (sent_bytes(recorded) - before) / steps,
                times[times.size() / 2]};
  for (const FlatSlot& slot : parameters.slots()) {
    if (!layer_of(slot)) result.root += static_cast<double>(slot.numel);
    if (layer_of(slot) == 0) result.layer += static_cast<double>(slot.numel);
  }
  return result;
}

/// Bytes of ShardingConfig's table, for one thread a rank.
struct Formula {
  double held, optimizer, gradients, sent;
  Formula(int zero, const Result& model, double ranks, double lanes) {
    const double bytes = 4 * static_cast<double>(model.parameters), own = lanes / ranks;
    const bool shared = zero == 3 && ranks > 1;
    held = shared ? bytes / ranks + 4 * (model.root + 2 * model.layer) : bytes;
    optimizer = 2 * bytes / (zero == 0 ? 1 : ranks);
    gradients = zero < 2 ? bytes * (1 + std::log2(own)) + (ranks > 1 ? bytes / ranks : 0)
                         : bytes + bytes / ranks * (1 + std::log2(own));
    sent = bytes * (zero < 2 ? 2 : 1 + own);
    if (shared) sent = bytes * own + 4 * model.root + own * (2 * bytes - 8 * model.root - 4 * model.layer);
    sent *= (ranks - 1) / ranks;
  }
};

void run_bench(const std::string& config, int steps, const std::string& json_file) {
  Job job;
  const Experiment experiment = load_experiment(config, {}).experiment;
  Table table({"zero", "sums", "parameters MB", "formula", "AdamW MB", "formula", "gradients MB", "formula",
               "sent MB a step", "formula", "ms a step"});
  nlohmann::json rows = nlohmann::json::array();
  std::int64_t numel = 0;
  for (const int zero : {0, 1, 2, 3})
    for (const Determinism determinism : {Determinism::exact, Determinism::fast}) {
      const Result result = measure(job.world(), experiment, {zero, determinism}, steps);
      numel = result.parameters;
      const Formula formula(zero, result, job.size(), experiment.lanes());
      const auto megabytes = [](double bytes) { return fmt::format("{:.2f}", bytes / 1e6); };
      const char* sums = determinism == Determinism::exact ? "exact" : "fast";
      table.add_row({fmt::format("{}", zero), sums, megabytes(result.held), megabytes(formula.held),
                     megabytes(result.optimizer), megabytes(formula.optimizer), megabytes(result.gradients),
                     megabytes(formula.gradients), megabytes(result.sent), megabytes(formula.sent),
                     fmt::format("{:.1f}", result.milliseconds)});
      rows.push_back({{"zero", zero},
                      {"sums", sums},
                      {"parameter_bytes", result.held},
                      {"optimizer_bytes", result.optimizer},
                      {"gradient_bytes", result.gradients},
                      {"sent_bytes", result.sent},
                      {"milliseconds", result.milliseconds}});
    }
  if (job.rank() != 0) return;
  fmt::print("{} ranks, {} lanes, {} padded parameters, of rank 0\n{}", job.size(), experiment.lanes(), numel,
             table.to_string());
  if (!json_file.empty())
    std::ofstream(json_file)
        << nlohmann::json{{"ranks", job.size()}, {"parameters", numel}, {"rows", rows}}.dump(2) << "\n";
}

}  // namespace
}  // namespace pagewright

int main(int argc, char** argv) {
  CLI::App app{"memory, bytes and time of an optimizer step by sharding stage"};
  std::string config, json;
  int steps = 20;
  app.add_option("CONFIG", config)->required();
  app.add_option("--steps", steps, "measured steps of each case");
  app.add_option("--json", json, "also write the figures there");
  CLI11_PARSE(app, argc, argv);
  try {
    pagewright::run_bench(config, steps, json);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ranks_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
