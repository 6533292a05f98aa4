#include "launch/workbench.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
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
#include "distributed/device_group.hpp"
#include "launch/requeue.hpp"

namespace pagewright {

namespace {

std::unique_ptr<FeedbackLog> load_training_log(const Experiment& experiment) {
  auto log = std::make_unique<FeedbackLog>(load_log(experiment.log, {experiment.log_pages, experiment.seed}));
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

std::string configuration_text(const LoadedExperiment& loaded) {
  std::string text;
  for (const auto& [path, value] : loaded.values)
    if (path != "working_directory") text += path + ": " + value + "\n";
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

/// Where this process computes. Ranks that learn together talk by NCCL, which wants a device for each.
c10::Device choose_device(const Experiment& experiment, const Topology& topology, Communicator& world,
                          Job* job) {
  const int place = job ? job->place_on_node() : 0;
  const std::vector<std::string> hosts = job ? job->hosts() : std::vector<std::string>{"this machine"};
  const bool looks = experiment.device != DeviceChoice::cpu;
  const AcceleratorReport found = looks ? find_accelerators() : AcceleratorReport{};
  const c10::Device device = made_on_all(world, [&] {
    const c10::Device chosen = experiment.compute_on(found, place);
    make_device_current(chosen);
    return chosen;
  });
  if (world.size() == 1 || !looks) return device;
  require_equal_on_all_ranks(world, device.is_cpu() ? "cpu" : "cuda", "another kind of device",
                             "set device: cpu, or device: cuda where every rank has a card");
  const std::vector<std::string> addresses =
      all_gather_bytes(world, device_address(device, found, hosts[static_cast<std::size_t>(world.rank())]));
  made_on_all(world, [&] {
    std::map<std::string, int> learner_at;
    for (const int rank : topology.ranks_of(Role::learner)) {
      const std::string& address = addresses[static_cast<std::size_t>(rank)];
      const auto [other, alone] = learner_at.try_emplace(address, rank);
      require(alone || device.is_cpu(),
              "{} and {} would learn on one card, {}; start at most one learner a card",
              topology.name_of(other->second), topology.name_of(rank), address);
    }
    return true;
  });
  return device;
}

std::string lanes_text(const std::vector<int>& lanes) {
  std::string text;
  for (const int lane : lanes) text += fmt::format("{}{}", text.empty() ? "" : " ", lane);
  return text;
}

/// Who does what where.
std::string topology_text(const Topology& topology, const std::vector<std::string>& hosts,
                          const std::vector<std::string>& devices, int threads) {
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
                   fmt::format("{}, {} thread{}", devices[static_cast<std::size_t>(rank)], threads,
                               threads == 1 ? "" : "s"),
                   roles, lanes_text(lanes)});
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
      device_(choose_device(loaded_.experiment, topology_, world, job)),
      log_(use == RunUse::begin ? made_on_all(world, [&] { return load_training_log(loaded_.experiment); })
                                : nullptr),
      run_(open_run(loaded_, use, world)),
      language_(loaded_.experiment.language()),
      pool_(make_device_pool(loaded_.experiment.worker_threads(job ? job->ranks_on_node() : 1, device_),
                             device_)) {
  if (world.size() > 1) start_logs(*job);
  if (flight_) hear_termination(flight_.get());
  const bool learner = topology_.has_role(Role::learner, world.rank());
  learner_group_ =
      job ? with_devices(job->split(learner ? 0 : -1), device_) : std::make_unique<LocalCommunicator>();
  if (learner)
    learners_ = std::make_unique<RecordingCommunicator>(*learner_group_, recording(FlightGroup::learners));
  if (topology_.placement() == Placement::split) {
    fellow_workers_ = job->split(learner ? -1 : topology_.has_role(Role::rollout, world.rank()) ? 0 : 1);
    const bool member = leads() || topology_.has_role(Role::rollout, world.rank());
    weight_members_ = job->split(member ? 0 : -1);
    if (member)
      weight_group_ =
          std::make_unique<RecordingCommunicator>(*weight_members_, recording(FlightGroup::weights));
  }
}

Workbench::~Workbench() {
  watchdog_.reset();
  forget_flight_record();
}

RecordingOptions Workbench::recording(FlightGroup group) const {
  RecordingOptions options;
  options.verify = experiment().distributed.verify_collectives && group == FlightGroup::learners;
  options.flight = flight_.get();
  options.group = group;
  return options;
}

void Workbench::start_logs(Job& job) {
  const int rank = world_.rank();
  const std::filesystem::path folder = run_.file("logs");
  on_all_ranks(world_, [&] {
    make_folders(folder);
    init_logging({.level = LogLevel::info,
                  .rank = rank,
                  .size = world_.size(),
                  .file = folder / fmt::format("rank-{}.log", rank)});
    flight_ = std::make_unique<FlightRecord>(folder, rank, world_.size(), topology_.name_of(rank));
  });
  watchdog_ =
      std::make_unique<Watchdog>(*flight_, folder, std::chrono::seconds(experiment().distributed.deadline),
                                 [](const std::string& sentence) {
                                   std::fprintf(stderr, "pagewright: %s\n", sentence.c_str());
                                   std::_Exit(1);
                                 });
  recorded_world_ = std::make_unique<RecordingCommunicator>(world_, recording(FlightGroup::world));
  hosts_ = job.hosts();
  const std::vector<std::string> devices = all_gather_bytes(world_, device_.str());
  if (leads()) fmt::print("{}", topology_text(topology_, hosts_, devices, pool_->threads()));
}

std::string Workbench::name_of(int rank) const {
  return rank_text(topology_.name_of(rank), rank,
                   hosts_.empty() ? "this machine" : hosts_[static_cast<std::size_t>(rank)]);
}

void Workbench::set_iteration(std::int64_t iteration) {
  if (flight_) flight_->set_iteration(iteration);
  if (learners_) learners_->set_label(fmt::format("iteration {}", iteration));
}

void Workbench::run_recorded(const std::function<void()>& work) {
  if (!flight_) return work();
  try {
    work();
  } catch (const Requeue&) {
    flight_->end(FlightState::finished);
    throw;
  } catch (const std::exception& error) {
    flight_->end(FlightState::failed, error.what());
    throw;
  }
  flight_->end(FlightState::finished);
}

RecordingCommunicator& Workbench::learners() const {
  require(learners_ != nullptr, "rank {} does not learn", world_.rank());
  return *learners_;
}

const FeedbackLog& Workbench::log() {
  if (!log_) log_ = load_training_log(experiment());
  return *log_;
}

}  // namespace pagewright
