#include "launch/workbench.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/sha256.hpp"
#include "core/base/table.hpp"
#include "core/data/bind_log.hpp"
#include "core/data/log_file.hpp"
#include "core/numerics/numeric_threads.hpp"
#include "distributed/agreement.hpp"

namespace pagewright {

namespace {

std::unique_ptr<FeedbackLog> load_training_log(const Experiment& experiment) {
  auto log = std::make_unique<FeedbackLog>(load_log(experiment.log));
  bind_to_schema(*log, experiment.schema);
  const bool trains = std::any_of(log->pages.begin(), log->pages.end(), [&](const LoggedPage& page) {
    return log->requests[static_cast<std::size_t>(page.request)].split == Split::train;
  });
  require(
      trains,
      "{}: the log has no page of the training split; import one with `pagewright import` or make one with "
      "`pagewright simulate`",
      experiment.log.string());
  return log;
}

/// `make()` on every rank, or the error of one of them on all.
template <class Make>
auto made_on_all(Communicator& world, const Make& make) {
  std::optional<decltype(make())> made;
  on_all_ranks(world, [&] { made.emplace(make()); });
  return std::move(*made);
}

std::string configuration_text(const LoadedExperiment& loaded) {
  std::string text;
  for (const auto& [path, value] : loaded.values) text += path + ": " + value + "\n";
  return text;
}

LoadedExperiment load_on_all(const ConfigOptions& options, Communicator& world) {
  LoadedExperiment loaded = made_on_all(world, [&] { return options.load(); });
  if (world.size() == 1) return loaded;
  require_equal_on_all_ranks(world, configuration_text(loaded), "another configuration",
                             "start all with the same file and the same --set");
  require_equal_on_all_ranks(world, sha256_file("/proc/self/exe"), "another program",
                             "install the same build on all machines");
  if (loaded.experiment.distributed.sharding.determinism == Determinism::exact)
    require_equal_on_all_ranks(world, numeric_fingerprint(), "another kind of processor or other libraries",
                               "take equal machines, or set distributed.determinism: fast");
  return loaded;
}

RunFolder open_run(const LoadedExperiment& loaded, RunUse use, Communicator& world) {
  on_first_rank(world, [&] { use == RunUse::begin ? RunFolder::begin(loaded) : RunFolder::open(loaded); });
  return made_on_all(world, [&] { return RunFolder::open(loaded); });
}

Topology make_topology(const Experiment& experiment, Communicator& world) {
  const DistributedConfig& config = experiment.distributed;
  return made_on_all(world, [&] {
    // A process by itself does everything, whatever the file says of many.
    return Topology(world.size() == 1 ? PlacementConfig{} : config.placement, world.size(),
                    experiment.lanes(), config.sharding.lane_order());
  });
}

std::string lanes_text(const std::vector<int>& lanes) {
  std::string text;
  for (const int lane : lanes) text += fmt::format("{}{}", text.empty() ? "" : " ", lane);
  return text;
}

/// Who does what where.
std::string topology_text(const Topology& topology, const std::vector<std::string>& hosts, int threads) {
  Table table({"rank", "host", "device", "role", "lanes"});
  for (int rank = 0; rank < topology.ranks(); ++rank) {
    std::string roles;
    std::vector<int> lanes;
    for (const Role role : {Role::learner, Role::rollout, Role::reward})
      if (topology.has_role(role, rank)) {
        roles += fmt::format("{}{}", roles.empty() ? "" : ", ", role_name(role));
        lanes = topology.lanes_of(role, rank);
      }
    table.add_row({fmt::format("{}", rank), hosts[static_cast<std::size_t>(rank)],
                   fmt::format("cpu, {} thread{}", threads, threads == 1 ? "" : "s"), roles,
                   lanes_text(lanes)});
  }
  return table.to_string();
}

}  // namespace

Workbench::Workbench(const ConfigOptions& options, RunUse use) : Workbench(options, use, alone_, nullptr) {}

Workbench::Workbench(const ConfigOptions& options, RunUse use, Job& job)
    : Workbench(options, use, job.world(), &job) {}

Workbench::Workbench(const ConfigOptions& options, RunUse use, Communicator& world, Job* job)
    : world_(world),
      loaded_(load_on_all(options, world)),
      topology_(make_topology(loaded_.experiment, world)),
      log_(use == RunUse::begin ? made_on_all(world, [&] { return load_training_log(loaded_.experiment); })
                                : nullptr),
      run_(open_run(loaded_, use, world)),
      language_(loaded_.experiment.language()),
      pool_(make_lane_pool(loaded_.experiment.worker_threads(job ? job->ranks_on_node() : 1))) {
  if (world.size() > 1) {
    on_all_ranks(world, [&] {
      make_folders(run_.file("logs"));
      init_logging({.level = LogLevel::info,
                    .rank = world.rank(),
                    .size = world.size(),
                    .file = run_.file(fmt::format("logs/rank-{}.log", world.rank()))});
    });
    const std::vector<std::string> hosts = job->hosts();
    if (leads()) fmt::print("{}", topology_text(topology_, hosts, pool_->threads()));
  }
  const bool learner = topology_.has_role(Role::learner, world.rank());
  learner_group_ = job ? job->split(learner ? 0 : -1) : std::make_unique<LocalCommunicator>();
  if (learner)
    learners_ = std::make_unique<RecordingCommunicator>(
        *learner_group_, RecordingOptions{.verify = loaded_.experiment.distributed.verify_collectives});
  if (topology_.placement() == Placement::split)
    weight_group_ = job->split(leads() || topology_.has_role(Role::rollout, world.rank()) ? 0 : -1);
}

Communicator& Workbench::learners() const {
  require(learners_ != nullptr, "rank {} does not learn", world_.rank());
  return *learners_;
}

const FeedbackLog& Workbench::log() {
  if (!log_) log_ = load_training_log(experiment());
  return *log_;
}

}  // namespace pagewright
