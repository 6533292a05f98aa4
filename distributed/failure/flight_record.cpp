#include "distributed/failure/flight_record.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <limits>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace pagewright {
namespace {

constexpr char kFlightMagic[16] = "pw-flight 1";
constexpr std::int64_t kAnyTime = std::numeric_limits<std::int64_t>::max();

template <std::size_t N>
void copy_text(char (&to)[N], std::string_view text) {
  const std::size_t size = std::min(text.size(), N - 1);
  std::memcpy(to, text.data(), size);
  to[size] = '\0';
}

/// The file stays open, since closing it would end the lock.
FlightEntry* map_flight_file(const std::filesystem::path& path, int& file) {
  file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  const auto check = [&](bool good, const char* what) {
    if (good) return;
    const int reason = errno;
    if (file >= 0) ::close(file);
    fail("cannot {} the flight record '{}': {}", what, path.string(),
         std::generic_category().message(reason));
  };
  check(file >= 0, "make");
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(file);
    fail("another job works in {}; wait for it, or take another run folder (--set run=FOLDER)",
         path.parent_path().parent_path().string());
  }
  errno = ::posix_fallocate(file, 0, sizeof(FlightEntry));
  check(errno == 0, "make room for");
  void* memory = ::mmap(nullptr, sizeof(FlightEntry), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  check(memory != MAP_FAILED, "map");
  return new (memory) FlightEntry;
}

FlightOperation& operation_of(FlightEntry& entry, FlightGroup group) {
  return entry.operations[static_cast<std::size_t>(group)];
}

/// A rank that waits in `group` for an operation that `other` has not called, if there is one.
const FlightEntry* waits_for(const std::vector<FlightEntry>& records, const FlightEntry& other,
                             std::size_t group, std::int64_t before) {
  const FlightEntry* found = nullptr;
  for (const FlightEntry& entry : records) {
    const FlightOperation& operation = entry.operations[group];
    if (operation.waiting_since == 0 || operation.waiting_since > before) continue;
    if (operation.sequence <= other.operations[group].sequence) continue;
    if (!found || operation.sequence < found->operations[group].sequence) found = &entry;
  }
  return found;
}

std::string who(const FlightEntry& entry) {
  return rank_text(entry.name, entry.rank, entry.host);
}

std::string never_joined(const std::vector<FlightEntry>& records, const FlightEntry& culprit,
                         std::int64_t before) {
  constexpr std::size_t kLearners = static_cast<std::size_t>(FlightGroup::learners);
  if (const FlightEntry* waiting = waits_for(records, culprit, kLearners, before)) {
    const FlightOperation& operation = waiting->operations[kLearners];
    if (culprit.operations[kLearners].sequence >= 0)
      return fmt::format("; it never joined {} {} of iteration {}, for which {} waited", operation.name,
                         operation.sequence, waiting->iteration, waiting->name);
  }
  const std::string from = fmt::format("receive from {}", culprit.rank);
  for (const FlightEntry& entry : records)
    for (const FlightOperation& operation : entry.operations)
      if (operation.waiting_since != 0 && operation.waiting_since <= before && operation.name == from)
        return fmt::format("; {} waited for its pages", entry.name);
  return "";
}

}  // namespace

std::string rank_text(std::string_view name, int rank, std::string_view host) {
  const std::string plain = fmt::format("rank {}", rank);
  return name == plain ? fmt::format("{} on {}", plain, host)
                       : fmt::format("{} ({} on {})", name, plain, host);
}

std::int64_t flight_clock() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

FlightRecord::FlightRecord(const std::filesystem::path& folder, int rank, int size, std::string_view name)
    : entry_(map_flight_file(folder / fmt::format("rank-{}.flight", rank), file_)) {
  entry_->rank = rank;
  entry_->size = size;
  entry_->process = ::getpid();
  ::gethostname(entry_->host, sizeof(entry_->host) - 1);
  copy_text(entry_->name, name);
  heartbeat();
  std::memcpy(entry_->magic, kFlightMagic, sizeof(kFlightMagic));
}

FlightRecord::~FlightRecord() {
  ::munmap(entry_, sizeof(FlightEntry));
  ::close(file_);
}

void FlightRecord::started(FlightGroup group, std::int64_t sequence, std::string_view operation) {
  FlightOperation& own = operation_of(*entry_, group);
  copy_text(own.name, operation);
  own.sequence = sequence;
}

void FlightRecord::waiting(FlightGroup group) {
  operation_of(*entry_, group).waiting_since = flight_clock();
}

void FlightRecord::finished_waiting(FlightGroup group) {
  operation_of(*entry_, group).waiting_since = 0;
}

void FlightRecord::heartbeat() {
  entry_->heartbeat = flight_clock();
}

void FlightRecord::end(FlightState state, std::string_view message) {
  copy_text(entry_->message, message);
  entry_->state = state;
  heartbeat();
}

std::vector<FlightEntry> read_flight_records(const std::filesystem::path& folder) {
  std::vector<FlightEntry> records;
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(folder, ignored)) {
    if (file.path().extension() != ".flight") continue;
    FlightEntry entry;
    std::ifstream in(file.path(), std::ios::binary);
    in.read(reinterpret_cast<char*>(&entry), sizeof(entry));
    if (in.gcount() == sizeof(entry) && std::memcmp(entry.magic, kFlightMagic, sizeof(kFlightMagic)) == 0)
      records.push_back(entry);
  }
  std::ranges::sort(records, {}, &FlightEntry::rank);
  // Records of an earlier job with more ranks.
  if (!records.empty())
    std::erase_if(records,
                  [size = records.front().size](const FlightEntry& entry) { return entry.rank >= size; });
  return records;
}

std::optional<std::string> diagnose(const std::vector<FlightEntry>& records, std::int64_t now,
                                    std::int64_t deadline, bool ended) {
  for (const FlightState state : {FlightState::failed, FlightState::accusing})
    for (const FlightEntry& entry : records)
      if (entry.state == state)
        return state == FlightState::accusing
                   ? std::string(entry.message)
                   : fmt::format("{} failed in iteration {}: {}", entry.name, entry.iteration, entry.message);
  // Survivors of a killed rank may be cut off as well before they hear of SIGTERM, but their hearts beat on
  // for longer.
  const FlightEntry* silent = nullptr;
  for (const FlightEntry& entry : records)
    if (entry.state == FlightState::running && !entry.terminated &&
        (!silent || entry.heartbeat < silent->heartbeat))
      silent = &entry;
  if (!silent || (!ended && silent->heartbeat >= now - deadline)) return std::nullopt;
  const std::string what =
      ended ? "was killed" : fmt::format("has not been heard of for {} s,", deadline / 1'000'000'000);
  return fmt::format("{} {} in iteration {}{}", who(*silent), what, silent->iteration,
                     never_joined(records, *silent, kAnyTime));
}

std::optional<std::string> find_late(const std::vector<FlightEntry>& records, std::int64_t now,
                                     std::int64_t deadline) {
  const std::int64_t seconds = deadline / 1'000'000'000;
  for (std::size_t group = 0; group < kFlightGroups; ++group)
    for (const FlightEntry& entry : records) {
      if (entry.state != FlightState::running || entry.operations[group].sequence < 0) continue;
      if (group == static_cast<std::size_t>(FlightGroup::world)) continue;  // messages are numbered by each
      if (!waits_for(records, entry, group, now - deadline)) continue;
      return fmt::format("{} is alive but late by {} s{}", who(entry), seconds,
                         never_joined(records, entry, now - deadline));
    }
  return std::nullopt;
}

}  // namespace pagewright
