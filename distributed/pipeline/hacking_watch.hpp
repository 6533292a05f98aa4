#pragma once
// Watches whether a policy exploits its reward instead of becoming better.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "distributed/pipeline/metrics.hpp"

namespace pagewright {

class Section;

enum class OnAlarm {
  warn,
  stop  ///< end the run with a checkpoint
};

/// The section `watch`.
struct WatchConfig {
  int window = 6;            ///< measurements by the judge that make a trend
  double level = 0.01;       ///< probability of a false alarm a measurement, at most
  double fall = 0.25;        ///< a fall counts from this share of all that the judge has moved on
  double kl_budget = 0;      ///< nats per page; 0: none
  double clipped = 0;        ///< share of pages whose page score is cut; 0: not measured
  double least_slots = 0.6;  ///< share of the slots at the start
  double least_entropy = 0.1;
  OnAlarm on_alarm = OnAlarm::warn;
  static WatchConfig from(const Section& section);
};

struct Alarm {
  std::string kind;  ///< "judge", "truth", "disagreement", "kl_budget", "clipped", "slots" or "entropy"
  std::int64_t iteration = 0;
  std::string sentence;
  std::string action;  ///< what to do about it
  bool stops = false;  ///< whether the run ends by it
  bool operator==(const Alarm&) const = default;
};

/// Note [Reward hacking]
/// A policy learns from a model of what users want, and where the two part it follows the model (Gao,
/// Schulman and Hilton 2023, "Scaling laws for reward model overoptimization": the true reward rises, peaks
/// and falls as the divergence from the start policy grows, while the model's rises on). So the reward that
/// is learnt from (metric `reward`, averaged over the iterations between two measurements) is held against
/// the judge's (`held_out_reward`, a page model of the validation users alone) and, of simulated logs, the
/// truth
/// (`true_utility`). An alarm is raised if over the last `window` measurements, or the last 2 x `window`
/// (all, if there are fewer), the one rises and the other falls, each by a Mann-Kendall test at `level` / 2,
/// and the fall is at least `fall` of the range of all that was measured so far: without a trend of the judge
/// a measurement raises a false alarm with probability `level` at most. Or if the last three measurements of
/// the one lie five standard errors above its first, and those of the other five below its own, which is the
/// start policy's: what falls at once and then stays low has no trend. The other alarms are plain thresholds,
/// the slots and the entropy against those of the first iteration. The truth never stops a run: no shop has
/// it.
class HackingWatch {
 public:
  explicit HackingWatch(const WatchConfig& config) : config_(config) {}

  /// Takes the metrics of an iteration, in order, and returns the alarms that are new. Each kind is raised
  /// once a run.
  std::vector<Alarm> observe(std::int64_t iteration, const Metrics& metrics);
  const std::vector<Alarm>& alarms() const { return alarms_; }

 private:
  /// Values at the measurements so far.
  struct Series {
    std::vector<double> proxy, judged;
  };
  void raise(const std::string& kind, std::int64_t iteration, std::string sentence, std::string action);
  void watch_trend(const std::string& kind, const std::string& metric, const std::string& words,
                   std::int64_t iteration, const Metrics& metrics);
  void watch_level(const std::string& kind, const std::string& words, std::int64_t iteration);
  void watch_disagreement(std::int64_t iteration, const Metrics& metrics);
  void watch_thresholds(std::int64_t iteration, const Metrics& metrics);
  void watch_collapse(const std::string& metric, double least, const std::string& words,
                      const std::string& action, std::int64_t iteration, const Metrics& metrics);

  WatchConfig config_;
  std::vector<Alarm> alarms_;
  std::set<std::string> raised_;
  std::map<std::string, Series> series_;                     ///< by kind
  std::map<std::string, double> reward_sum_, count_;         ///< since the last measurement, by kind
  std::map<std::string, std::vector<double>> disagreement_;  ///< by metric
  std::map<std::string, double> first_;                      ///< by metric
};

}  // namespace pagewright
