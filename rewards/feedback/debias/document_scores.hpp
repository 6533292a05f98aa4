#pragma once
// Scores of documents that are learnt by gradients: what dual learning and pairwise debiasing rank with.

#include <span>
#include <vector>

#include "rewards/clicks/click_sessions.hpp"

namespace pagewright {

/// Adam (Kingma and Ba 2015; beta .9 and .999) on a vector, upwards. Deterministic.
class AdamAscent {
 public:
  explicit AdamAscent(std::size_t size) : mean_(size), square_(size) {}
  void step(std::span<double> values, std::span<const double> gradient, double rate);

 private:
  std::vector<double> mean_, square_;
  int steps_ = 0;
};

/// One score a document: a number of its own, or linear in its features where the space has some. `space`
/// must outlive it.
class DocumentScores {
 public:
  /// `ridge` times half the squared parameters is taken off the objective.
  DocumentScores(const ClickSpace& space, double ridge);

  /// [D], 0 at first.
  const std::vector<double>& values() const { return values_; }
  /// A step up the objective whose gradient by the scores is given, [D].
  void ascend(std::span<const double> by_score, double rate);

 private:
  const FeatureTable& features_;
  double ridge_;
  std::vector<double> parameters_;  ///< [D], or [F]
  std::vector<double> values_;      ///< [D]
  AdamAscent adam_;
};

}  // namespace pagewright
