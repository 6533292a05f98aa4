#pragma once
// What a rank was doing, in a file that outlives it.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pagewright {

/// Groups whose operations are kept apart.
enum class FlightGroup { learners, world, weights };
inline constexpr std::size_t kFlightGroups = 3;

enum class FlightState : std::int32_t {
  running,
  finished,  ///< ended as it should
  failed,    ///< `message` says why
  accusing   ///< ended the job because of another rank; `message` is the sentence
};

/// The newest operation that a rank called in a group.
struct FlightOperation {
  std::int64_t sequence = -1;
  std::int64_t waiting_since = 0;  ///< ns of the wall clock; 0: not waiting
  char name[48] = {};              ///< "all_to_all", "receive from 3"
};

/// One rank's record, as it lies in the file. Plain data: what a signal leaves half-written is still
/// readable.
struct FlightEntry {
  char magic[16] = {};
  std::int32_t rank = 0, size = 1, process = 0;
  FlightState state = FlightState::running;
  std::int32_t terminated = 0;  ///< got SIGTERM: the launcher ended it
  char host[64] = {};
  char name[32] = {};          ///< "learner 2"
  std::int64_t iteration = 0;  ///< under way
  std::int64_t heartbeat = 0;  ///< ns of the wall clock
  FlightOperation operations[kFlightGroups];
  char message[480] = {};
};

/// This rank's record, mapped from FOLDER/rank-N.flight; the newest write is there even after SIGKILL. The
/// file is locked while the record lives: a second job in the same run folder is an Error.
class FlightRecord {
 public:
  FlightRecord(const std::filesystem::path& folder, int rank, int size, std::string_view name);
  ~FlightRecord();
  FlightRecord(const FlightRecord&) = delete;
  FlightRecord& operator=(const FlightRecord&) = delete;

  void set_iteration(std::int64_t iteration) { entry_->iteration = iteration; }
  void started(FlightGroup group, std::int64_t sequence, std::string_view operation);
  void waiting(FlightGroup group);
  void finished_waiting(FlightGroup group);
  void heartbeat();
  void end(FlightState state, std::string_view message = {});
  /// From a signal handler.
  void terminated() noexcept { entry_->terminated = 1; }
  const FlightEntry& entry() const { return *entry_; }

 private:
  int file_ = -1;
  FlightEntry* entry_;
};

/// Nanoseconds of the wall clock, the same on all processes of a machine.
std::int64_t flight_clock();

/// "learner 2 (rank 2 on node7)", or "rank 3 on node7" where ranks are called just that.
std::string rank_text(std::string_view name, int rank, std::string_view host);

/// The records in a folder, by rank. Files that are no records are left out.
std::vector<FlightEntry> read_flight_records(const std::filesystem::path& folder);

/// The sentence that says which rank ended or holds up the job, or nothing if none is to blame: a rank that
/// failed, one that is no more, or one whose heart has not beaten for `deadline` ns before `now`, which is of
/// the same clock as the heartbeats. `ended`: the job is over, so that a rank that runs on no more and was
/// not ended by the launcher was killed.
std::optional<std::string> diagnose(const std::vector<FlightEntry>& records, std::int64_t now,
                                    std::int64_t deadline, bool ended);

/// A rank that is alive but has not joined an operation for which another has waited `deadline` ns: a
/// straggler. It may be working by itself, as the first learner does when it measures, so this is no reason
/// to end a job.
std::optional<std::string> find_late(const std::vector<FlightEntry>& records, std::int64_t now,
                                     std::int64_t deadline);

}  // namespace pagewright
