#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "core/base/atomic_folder.hpp"
#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/table.hpp"
#include "core/data/log_file.hpp"
#include "launch/config_options.hpp"
#include "launch/verbs.hpp"
#include "rewards/feedback/gains.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world_file.hpp"
#include "rewards/simulator/world_summary.hpp"

namespace pagewright {
namespace {

struct SimulateArguments {
  std::filesystem::path out;
  std::string control = "none";
};

LogControl control_of(const std::string& name) {
  if (name == "none") return LogControl::none;
  if (name == "permuted") return LogControl::permuted;
  if (name == "moved") return LogControl::moved;
  fail("--control {}: it must be none, permuted or moved", name);
}

std::string world_table(const std::vector<PolicyTruth>& policies) {
  Table table({"policy", "CTR", "GMV per page", "utility", "gap closed"});
  for (const PolicyTruth& policy : policies)
    table.add_row({policy.name, fmt::format("{:.4f}", policy.ctr), fmt::format("{:.2f}", policy.gmv / 100),
                   fmt::format("{:.3f}", policy.utility), fmt::format("{:.2f}", policy.gap_closed)});
  return table.to_string();
}

std::string feedback_counts(const FeedbackLog& log) {
  std::int64_t slots = 0, clicks = 0, purchases = 0;
  for (const LoggedPage& page : log.pages) {
    slots += page.page.slot_count();
    for (const Event& event : page.events) {
      clicks += event.kind == EventKind::click;
      purchases += event.kind == EventKind::purchase;
    }
  }
  return fmt::format("{} requests, {} pages, {} slots, {} clicks, {} purchases", log.requests.size(),
                     log.pages.size(), slots, clicks, purchases);
}

/// Log and world.yaml appear together or not at all.
void write_simulation(const std::filesystem::path& out, const SimulateArguments& arguments,
                      const std::filesystem::path& config, const FeedbackLog& log, std::uint64_t seed,
                      const std::string& world) {
  if (out.has_parent_path()) make_folders(out.parent_path());
  AtomicFolder folder(out);
  const std::string control =
      arguments.control == "none" ? "" : fmt::format(", negative control: {}", arguments.control);
  write_log(folder.path(), log,
            {fmt::format("simulated by {} with seed {}{}", config.string(), seed, control),
             "by user, drawn by the simulator"});
  write_file_atomically(folder.path() / kWorldFile, world);
  folder.publish();
}

void run_simulate(const ConfigOptions& options, const SimulateArguments& arguments) {
  const LogControl control = control_of(arguments.control);
  const LoadedExperiment loaded = options.load();
  const Experiment& experiment = loaded.experiment;
  const std::filesystem::path out = arguments.out.empty() ? experiment.log : arguments.out;
  require(!std::filesystem::exists(out), "{} exists already; remove it or give another folder with --out",
          out.string());

  const World world(experiment.simulator, experiment.schema, experiment.seed);
  FeedbackLog log = simulate_log(world);
  const std::vector<PolicyTruth> policies =
      summarise_world(world, log, gain_weights(experiment.rewards.gains, log));
  apply_control(log, control, experiment.seed);
  write_simulation(out, arguments, options.file, log, experiment.seed, world_yaml(loaded.file));
  std::cout
      << feedback_counts(log) << "\n"
      << world_table(policies)
      << "True values over held-out requests; GMV in the currency's major unit; gap: from random to the "
         "greedy oracle in utility.\n"
      << "log written to " << out.string() << "\n";
}

}  // namespace

void add_simulate_verb(CLI::App& app) {
  auto* verb =
      app.add_subcommand("simulate", "Make the feedback log of a simulated shop, whose truth is known");
  const auto arguments = std::make_shared<SimulateArguments>();
  const auto options = add_config_options(*verb);
  verb->add_option("--out", arguments->out,
                   "folder of the log, to be made; the experiment's `log` if not given");
  verb->add_option("--control", arguments->control,
                   "negative control of the training pages: permuted deals the engagements of each page anew "
                   "over its slots, moved gives them to another page; none is the log as it was")
      ->capture_default_str();
  verb->callback([options, arguments] { run_simulate(*options, *arguments); });
}

}  // namespace pagewright
