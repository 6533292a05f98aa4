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
#include "core/config/config_file.hpp"
#include "core/config/section.hpp"
#include "core/data/log_file.hpp"
#include "launch/verbs.hpp"
#include "rewards/feedback/gains.hpp"
#include "rewards/simulator/simulated_log.hpp"
#include "rewards/simulator/world_file.hpp"
#include "rewards/simulator/world_summary.hpp"

namespace pagewright {
namespace {

struct SimulateArguments {
  std::string config;
  std::vector<std::string> sets;
  std::string out;
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
void write_simulation(const SimulateArguments& arguments, const FeedbackLog& log, std::uint64_t seed,
                      const std::string& world) {
  AtomicFolder folder(arguments.out);
  const std::string control =
      arguments.control == "none" ? "" : fmt::format(", negative control: {}", arguments.control);
  write_log(folder.path(), log,
            {fmt::format("simulated by {} with seed {}{}", arguments.config, seed, control),
             "by user, drawn by the simulator"});
  write_file_atomically(folder.path() / kWorldFile, world);
  folder.publish();
}

void run_simulate(const SimulateArguments& arguments) {
  const LogControl control = control_of(arguments.control);
  require(!std::filesystem::exists(arguments.out), "{} exists already; give another folder with --out",
          arguments.out);
  const ConfigFile file = load_config(arguments.config, arguments.sets);
  const WorldConfig config = WorldConfig::from(file.root());
  const GainConfig gains = GainConfig::from(
      file.root().child("rewards", "what a page is rewarded for").child("gains", "what feedback is worth"));
  file.finish();

  const World world = config.world();
  FeedbackLog log = simulate_log(world);
  const std::vector<PolicyTruth> policies = summarise_world(world, log, gain_weights(gains, log));
  apply_control(log, control, config.seed);
  write_simulation(arguments, log, config.seed, world_yaml(file));
  std::cout
      << feedback_counts(log) << "\n"
      << world_table(policies)
      << "True values over held-out requests; GMV in the currency's major unit; gap: from random to the "
         "greedy oracle in utility.\n"
      << "log written to " << arguments.out << "\n";
}

}  // namespace

void add_simulate_verb(CLI::App& app) {
  auto* verb =
      app.add_subcommand("simulate", "Make the feedback log of a simulated shop, whose truth is known");
  const auto arguments = std::make_shared<SimulateArguments>();
  verb->add_option("config", arguments->config, "configuration with seed, schema and simulator")->required();
  verb->add_option("--out", arguments->out, "folder of the log, to be made")->required();
  verb->add_option("--set", arguments->sets, "key=value, over the file's");
  verb->add_option("--control", arguments->control,
                   "negative control of the training pages: permuted deals the engagements of each page anew "
                   "over its slots, moved gives them to another page; none is the log as it was")
      ->capture_default_str();
  verb->callback([arguments] { run_simulate(*arguments); });
}

}  // namespace pagewright
