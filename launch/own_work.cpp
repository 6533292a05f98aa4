#include "launch/own_work.hpp"

#include <algorithm>

namespace pagewright {

const std::vector<std::string>& OwnWork::parts() {
  static const std::vector<std::string> kParts{"generate", "score", "evaluate", "learn"};
  return kParts;
}

std::vector<double> OwnWork::end(const std::map<std::string, double>& phases, double waited) {
  const auto lap = [&](const std::string& phase) {
    const auto now = phases.find(phase);
    return now == phases.end() ? 0.0 : now->second - phases_[phase];
  };
  std::vector<double> seconds;
  for (const std::string& part : parts()) seconds.push_back(lap(part));
  seconds.back() = std::max(0.0, seconds.back() + lap("credit") - (waited - waited_));
  phases_ = phases;
  return seconds;
}

}  // namespace pagewright
