#pragma once
// Looks at the figures of a run and says in words when they are wrong.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "distributed/pipeline/metrics.hpp"

namespace pagewright {

/// Each trouble is told when it begins and again if it comes back after it was gone.
class TrainingWatch {
 public:
  /// `kl_alarm`: nats per page from which the divergence counts as exploding.
  explicit TrainingWatch(double kl_alarm) : kl_alarm_(kl_alarm) {}

  /// Takes the metrics of an iteration and returns the warnings. Watched for: a dead batch, a divergence that
  /// explodes or is no number, a critic that explains nothing, a ratio that is not 1 before the first step,
  /// one of generation and learning that is far from 1, skipped steps, reward terms whose fallback stands in
  /// for answers, constraints that are broken at a multiplier that rises no more. Whether the reward is
  /// exploited is the matter of HackingWatch.
  std::vector<std::string> observe(std::int64_t iteration, const Metrics& metrics);

 private:
  void check(bool trouble, const std::string& name, std::string text, std::vector<std::string>& warnings);
  void check_terms_of(std::int64_t iteration, const Metrics& metrics, std::vector<std::string>& warnings);

  double kl_alarm_;
  std::set<std::string> present_;              ///< troubles that hold now
  std::map<std::string, double> multipliers_;  ///< as they were last, by metric
  std::vector<double> explained_;              ///< explained variance of all iterations
};

}  // namespace pagewright
