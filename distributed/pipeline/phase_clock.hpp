#pragma once
// Where the time of training goes.

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace pagewright {

/// Wall seconds by phase: generate, score (or sync, wait where other ranks do these), evaluate, credit,
/// learn. One thread uses it.
class PhaseClock {
 public:
  /// Runs `work` and adds its time to the phase.
  template <class Work>
  decltype(auto) time(const char* phase, Work&& work) {
    struct Lap {
      double& seconds;
      std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
      ~Lap() { seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }
    } lap{seconds_[phase]};
    return std::forward<Work>(work)();
  }
  const std::map<std::string, double>& seconds() const { return seconds_; }

 private:
  std::map<std::string, double> seconds_;
};

}  // namespace pagewright
