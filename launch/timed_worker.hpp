#pragma once
// Rollout and reward ranks that know how long they worked.

#include <utility>

#include "core/iteration/interfaces.hpp"
#include "distributed/pipeline/phase_clock.hpp"
#include "launch/border_meeting.hpp"
#include "launch/workbench.hpp"

namespace pagewright {

/// Wall seconds of some calls.
class CallTimer {
 public:
  template <class Work>
  decltype(auto) time(Work&& work) {
    return clock_.time("calls", std::forward<Work>(work));
  }
  /// Seconds since the last call of it.
  double take() {
    const auto found = clock_.seconds().find("calls");
    const double all = found == clock_.seconds().end() ? 0 : found->second;
    return all - std::exchange(taken_, all);
  }

 private:
  PhaseClock clock_;
  double taken_ = 0;
};

/// A generator with a timer; both must outlive it.
class TimedGenerator final : public Generator {
 public:
  TimedGenerator(Generator& inner, CallTimer& timer) : inner_(inner), timer_(timer) {}
  std::vector<Trajectory> generate(std::span<const KeyedRequest> requests,
                                   const SampleOptions& options) override {
    return timer_.time([&] { return inner_.generate(requests, options); });
  }

 private:
  Generator& inner_;
  CallTimer& timer_;
};

/// A scorer with a timer; both must outlive it.
class TimedScorer final : public Scorer {
 public:
  TimedScorer(Scorer& inner, CallTimer& timer) : inner_(inner), timer_(timer) {}
  std::vector<Score> score(std::span<const KeyedRequest> requests,
                           std::span<const Trajectory> trajectories) override {
    return timer_.time([&] { return inner_.score(requests, trajectories); });
  }

 private:
  Scorer& inner_;
  CallTimer& timer_;
};

/// What a rollout or reward rank does before each iteration: it says which one, and the ranks of its role
/// compare how long they took for the one before. Those with more lanes may take longer in proportion.
class WorkerBorder {
 public:
  /// `part` of the work, for warnings. `bench` must outlive it.
  WorkerBorder(Workbench& bench, Role role, const char* part);

  CallTimer& timer() { return timer_; }
  /// All ranks of the role take part, with an all-gather of a few numbers.
  void pass(std::int64_t iteration);

 private:
  Workbench& bench_;
  double share_;  ///< own lanes to those of an equal share
  CallTimer timer_;
  bool worked_ = false;  ///< an iteration lies behind
  BorderMeeting meeting_;
};

}  // namespace pagewright
