#pragma once
// The answer in words: is a policy better than a baseline, by how much, how sure.

#include <string>
#include <vector>

#include "launch/evaluation/evaluation.hpp"

namespace pagewright {

enum class VerdictKind { better, worse, mixed, not_shown, unknown };

/// A paired difference as a share of the baseline's mean.
struct VerdictFigure {
  std::string metric;  ///< its name in the evaluation
  std::string name;    ///< in words: "revenue"
  double change = 0;   ///< 0.17: 17 % more
  double low = 0;
  double high = 0;
  /// -1, 0 or 1: the interval lies below 0, holds 0, lies above 0.
  int sign() const { return low > 0 ? 1 : high < 0 ? -1 : 0; }
};

struct Verdict {
  VerdictKind kind = VerdictKind::unknown;
  std::string headline;  ///< "Better", ...
  std::string sentence;  ///< by how much
  std::string surety;    ///< how sure, on what evidence
  std::vector<VerdictFigure> figures;
};

/// Judges by the first of true_utility, true_gmv, true_ctr where the truth is known, otherwise by NDCG and
/// MRR on logged feedback: `better` if the 95 % interval of the first figure lies above 0 and none of the
/// others lies below, `mixed` if one does, `worse` if that of the first lies below 0.
Verdict judge(const Evaluation& evaluation, const std::string& policy, const std::string& baseline);

/// A policy's name for a shop manager: "the pages shown until now" for `logged`.
std::string policy_words(const std::string& name);

}  // namespace pagewright
