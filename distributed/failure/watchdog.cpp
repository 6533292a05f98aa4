#include "distributed/failure/watchdog.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <utility>

#include "core/base/log.hpp"

namespace pagewright {
namespace {

using namespace std::chrono_literals;

constexpr auto kBeat = 200ms;
constexpr int kBeatsBetweenLooks = 5;
constexpr auto kFirstWord = 2s;

std::atomic<FlightRecord*> signalled_record{nullptr};
std::atomic<bool> checkpoint_asked{false};

void on_terminate(int signal) {
  if (FlightRecord* record = signalled_record.load()) record->terminated();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void on_ask(int) {
  checkpoint_asked.store(true);
}

bool is_waiting(const FlightEntry& entry) {
  return std::ranges::any_of(entry.operations,
                             [](const FlightOperation& operation) { return operation.waiting_since != 0; });
}

std::int64_t steady_nanoseconds() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Watchdog::Watchdog(FlightRecord& record, std::filesystem::path folder, std::chrono::seconds deadline,
                   std::function<void(const std::string&)> accuse)
    : record_(record),
      folder_(std::move(folder)),
      deadline_(deadline),
      accuse_(std::move(accuse)),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

void Watchdog::watch(const std::stop_token& stop) {
  for (int beat = 0; !stop.stop_requested(); ++beat) {
    record_.heartbeat();
    std::this_thread::sleep_for(kBeat);
    if (beat % kBeatsBetweenLooks == 0) look_around();
  }
}

void Watchdog::look_around() {
  const std::int64_t deadline = std::chrono::nanoseconds(deadline_).count();
  std::vector<FlightEntry> records = read_flight_records(folder_);
  date_heartbeats(records);
  const auto sentence = diagnose(records, steady_nanoseconds(), deadline, false);
  if (!is_waiting(record_.entry())) return;
  if (!sentence) return warn_of_late(records);
  const auto speaker = std::ranges::find_if(records, [&](const FlightEntry& entry) {
    return entry.heartbeat >= steady_nanoseconds() - deadline && is_waiting(entry);
  });
  if (speaker != records.end() && speaker->rank != record_.entry().rank)
    std::this_thread::sleep_for(kFirstWord);
  record_.end(FlightState::accusing, *sentence);
  accuse_(*sentence);
}

void Watchdog::date_heartbeats(std::vector<FlightEntry>& records) {
  for (FlightEntry& entry : records) {
    const auto [beat, first] = beats_.try_emplace(entry.rank);
    if (first || beat->second.value != entry.heartbeat)
      beat->second = {entry.heartbeat, steady_nanoseconds()};
    entry.heartbeat = beat->second.seen;
  }
}

void Watchdog::warn_of_late(const std::vector<FlightEntry>& records) {
  const std::int64_t deadline = std::chrono::nanoseconds(deadline_).count();
  const auto late = find_late(records, flight_clock(), deadline);
  if (late && *late != warned_) log_warn("{}", *late);
  warned_ = late.value_or("");
}

void hear_termination(FlightRecord* record) {
  signalled_record.store(record);
  std::signal(SIGTERM, on_terminate);
}

void hear_checkpoint_requests() {
  std::signal(SIGUSR1, on_ask);
}

void forget_flight_record() {
  signalled_record.store(nullptr);
}

bool checkpoint_was_asked_for() {
  return checkpoint_asked.load();
}

}  // namespace pagewright
