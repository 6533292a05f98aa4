#include "launch/evaluation/evaluation.hpp"

#include <algorithm>

namespace pagewright {

const PolicySummary* Evaluation::find_policy(const std::string& name) const {
  const auto found =
      std::find_if(policies.begin(), policies.end(), [&](const auto& p) { return p.name == name; });
  return found == policies.end() ? nullptr : &*found;
}

const DifferenceSummary* Evaluation::find_difference(const std::string& left,
                                                     const std::string& right) const {
  const auto found = std::find_if(differences.begin(), differences.end(),
                                  [&](const auto& d) { return d.left == left && d.right == right; });
  return found == differences.end() ? nullptr : &*found;
}

}  // namespace pagewright
