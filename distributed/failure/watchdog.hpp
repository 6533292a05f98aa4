#pragma once
// The thread of a rank that keeps its flight record fresh and looks after the others.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <thread>

#include "distributed/failure/flight_record.hpp"

namespace pagewright {

/// Beats the record's heart. While this rank waits for another, it reads all records in the folder every
/// second; once a rank is to blame (diagnose()), it calls `accuse` with the sentence. The lowest waiting rank
/// speaks first; the others give it two seconds, in which the job normally ends. A rank that is alive but
/// late is only warned of.
class Watchdog {
 public:
  Watchdog(FlightRecord& record, std::filesystem::path folder, std::chrono::seconds deadline,
           std::function<void(const std::string& sentence)> accuse);

 private:
  void watch(const std::stop_token& stop);
  void look_around();
  /// Puts when each heartbeat was last seen to change, on this rank's steady clock, in its place: clocks of
  /// other machines, or one that was set, say nothing.
  void date_heartbeats(std::vector<FlightEntry>& records);
  void warn_of_late(const std::vector<FlightEntry>& records);

  FlightRecord& record_;
  std::filesystem::path folder_;
  std::chrono::seconds deadline_;
  std::function<void(const std::string&)> accuse_;
  struct Beat {
    std::int64_t value = 0, seen = 0;
  };
  std::map<int, Beat> beats_;  ///< by rank
  std::string warned_;         ///< of whom, last
  std::jthread thread_;
};

/// SIGTERM is written into the record before it ends the process.
void hear_termination(FlightRecord* record);
/// From now on SIGUSR1 asks for a checkpoint at the next border of an iteration.
void hear_checkpoint_requests();
/// The record is going away.
void forget_flight_record();
bool checkpoint_was_asked_for();

}  // namespace pagewright
