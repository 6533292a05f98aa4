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
#include "core/base/progress.hpp"
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

/// What is said about a log while it is written.
class SimulatedCounts {
 public:
  void add(const LoggedRequest& request, const std::vector<LoggedPage>& pages) {
    ++requests_;
    for (const LoggedPage& page : pages) {
      ++pages_;
      slots_ += page.page.slot_count();
      for (const Event& event : page.events) {
        clicks_ += event.kind == EventKind::click;
        purchases_ += event.kind == EventKind::purchase;
      }
      prices_.add(request.split, page);
    }
  }
  std::string text() const {
    return fmt::format("{} requests, {} pages, {} slots, {} clicks, {} purchases", requests_, pages_, slots_,
                       clicks_, purchases_);
  }
  std::optional<double> mean_price() const { return prices_.mean(); }

 private:
  std::int64_t requests_ = 0, pages_ = 0, slots_ = 0, clicks_ = 0, purchases_ = 0;
  PurchasedPrices prices_;
};

/// A log that is written request by request; the requests by which the world is summed up stay in memory.
class SimulationWriter {
 public:
  SimulationWriter(const World& world, LogWriter& writer)
      : has_test_(world.config().test_requests > 0),
        writer_(writer),
        progress_("simulate", world.requests()) {}

  void take(LoggedRequest request, std::vector<LoggedPage> pages) {
    constexpr std::int64_t kRequestsPerPart = 50000;
    counts_.add(request, pages);
    if (writer_.requests_in_part() >= kRequestsPerPart) writer_.finish_part();
    const std::int64_t row = writer_.add(request);
    for (LoggedPage& page : pages) {
      page.request = row;
      writer_.add(page);
    }
    progress_.advance(1);
    if (has_test_ && request.split != Split::test) return;
    const auto kept = static_cast<std::int64_t>(kept_.requests.size());
    kept_.requests.push_back(std::move(request));
    for (LoggedPage& page : pages) {
      page.request = kept;
      kept_.pages.push_back(std::move(page));
    }
  }
  const SimulatedCounts& counts() const { return counts_; }
  const FeedbackLog& kept() const { return kept_; }

 private:
  bool has_test_;
  LogWriter& writer_;
  Progress progress_;
  SimulatedCounts counts_;
  FeedbackLog kept_;
};

/// A negative control deals anew over the whole log, which is therefore held in memory.
void simulate_into(SimulationWriter& rows, const World& world, LogControl control, std::uint64_t seed) {
  const auto take = [&](LoggedRequest request, std::vector<LoggedPage> pages) {
    rows.take(std::move(request), std::move(pages));
  };
  if (control == LogControl::none) return simulate_log(world, take);
  FeedbackLog log = simulate_log(world);
  apply_control(log, control, seed);
  std::size_t next = 0;
  for (std::size_t i = 0; i < log.requests.size(); ++i) {
    std::vector<LoggedPage> pages;
    while (next < log.pages.size() && log.pages[next].request == static_cast<std::int64_t>(i))
      pages.push_back(std::move(log.pages[next++]));
    take(std::move(log.requests[i]), std::move(pages));
  }
}

void run_simulate(const ConfigOptions& options, const SimulateArguments& arguments) {
  const LogControl control = control_of(arguments.control);
  const LoadedExperiment loaded = options.load();
  const Experiment& experiment = loaded.experiment;
  const std::filesystem::path out = arguments.out.empty() ? experiment.log : arguments.out;
  require(!std::filesystem::exists(out), "{} exists already; remove it or give another folder with --out",
          out.string());
  if (out.has_parent_path()) make_folders(out.parent_path());
  const World world(experiment.simulator, experiment.schema, experiment.seed);
  const std::string said =
      control == LogControl::none ? "" : fmt::format(", negative control: {}", arguments.control);
  AtomicFolder folder(out);  // log and world.yaml appear together or not at all
  LogWriter writer(folder.path(), {fmt::format("simulated by {} with seed {}{}", options.file.string(),
                                               experiment.seed, said),
                                   "by user, drawn by the simulator"});
  SimulationWriter rows(world, writer);
  simulate_into(rows, world, control, experiment.seed);
  writer.commit();
  write_file_atomically(folder.path() / kWorldFile, world_yaml(loaded.file));
  const std::vector<PolicyTruth> policies =
      summarise_world(world, rows.kept(), gain_weights(experiment.rewards.gains, rows.counts().mean_price()));
  folder.publish();
  std::cout
      << rows.counts().text() << "\n"
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
