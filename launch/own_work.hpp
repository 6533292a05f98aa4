#pragma once
// How long a learner itself worked.

#include <map>
#include <string>
#include <vector>

namespace pagewright {

/// Seconds of a learner's own work in an iteration, from clocks that only add up: the wall time of its phases
/// (PhaseClock) without what it waited for other ranks in them.
class OwnWork {
 public:
  /// Parts of the work: generate, score, evaluate (which communicate with nobody), learn.
  static const std::vector<std::string>& parts();

  /// An iteration begins: `waited` seconds for other learners until now are not of it.
  void begin(double waited) { waited_ = waited; }
  /// It ends: the seconds by part.
  std::vector<double> end(const std::map<std::string, double>& phases, double waited);

 private:
  double waited_ = 0;
  std::map<std::string, double> phases_;
};

}  // namespace pagewright
